module @jib_igammac {
  func.func public @main(%arg0: tensor<2x3xf32>, %arg1: tensor<2x3xf32>) -> tensor<2x3xf32> {
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %0 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %1 = stablehlo.compare GT, %arg0, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %2 = stablehlo.compare GT, %arg1, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %3 = stablehlo.and %1, %2 : tensor<2x3xi1>
    %cst_0 = stablehlo.constant dense<0x7F800000> : tensor<f32>
    %4 = stablehlo.broadcast_in_dim %cst_0, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %5 = stablehlo.compare LT, %arg1, %4, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %6 = stablehlo.and %3, %5 : tensor<2x3xi1>
    %7 = stablehlo.compare LT, %arg0, %4, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %8 = stablehlo.and %6, %7 : tensor<2x3xi1>
    %cst_1 = stablehlo.constant dense<5.000000e-01> : tensor<f32>
    %9 = stablehlo.broadcast_in_dim %cst_1, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %10 = stablehlo.select %8, %arg0, %9 : tensor<2x3xi1>, tensor<2x3xf32>
    %11 = stablehlo.broadcast_in_dim %cst_1, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %12 = stablehlo.select %8, %arg1, %11 : tensor<2x3xi1>, tensor<2x3xf32>
    %cst_2 = stablehlo.constant dense<2.500000e-01> : tensor<f32>
    %13 = stablehlo.broadcast_in_dim %cst_2, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %14 = stablehlo.add %10, %13 : tensor<2x3xf32>
    %cst_3 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %15 = stablehlo.broadcast_in_dim %cst_3, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %16 = stablehlo.minimum %14, %15 : tensor<2x3xf32>
    %17 = stablehlo.add %10, %16 : tensor<2x3xf32>
    %18 = stablehlo.compare LT, %12, %17, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %19 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %20 = stablehlo.select %18, %12, %19 : tensor<2x3xi1>, tensor<2x3xf32>
    %21 = stablehlo.broadcast_in_dim %cst_3, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %22 = stablehlo.abs %21 : tensor<2x3xf32>
    %23 = stablehlo.broadcast_in_dim %cst_3, dims = [] : (tensor<f32>) -> tensor<f32>
    %c = stablehlo.constant dense<true> : tensor<i1>
    %24 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<i1>) -> tensor<2x3xi1>
    %25:4 = stablehlo.while(%iterArg = %24, %iterArg_37 = %23, %iterArg_38 = %21, %iterArg_39 = %21) : tensor<2x3xi1>, tensor<f32>, tensor<2x3xf32>, tensor<2x3xf32>
    cond {
      %c_40 = stablehlo.constant dense<false> : tensor<i1>
      %206 = stablehlo.reduce(%iterArg init: %c_40) applies stablehlo.or across dimensions = [0, 1] : (tensor<2x3xi1>, tensor<i1>) -> tensor<i1>
      %cst_41 = stablehlo.constant dense<2.000000e+04> : tensor<f32>
      %207 = stablehlo.compare LT, %iterArg_37, %cst_41, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
      %208 = stablehlo.and %206, %207 : tensor<i1>
      stablehlo.return %208 : tensor<i1>
    } do {
      %206 = stablehlo.broadcast_in_dim %iterArg_37, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
      %207 = stablehlo.add %10, %206 : tensor<2x3xf32>
      %208 = stablehlo.divide %20, %207 : tensor<2x3xf32>
      %209 = stablehlo.multiply %iterArg_39, %208 : tensor<2x3xf32>
      %cst_40 = stablehlo.constant dense<2.98023224E-8> : tensor<f32>
      %210 = stablehlo.broadcast_in_dim %cst_40, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
      %211 = stablehlo.multiply %210, %iterArg_38 : tensor<2x3xf32>
      %212 = stablehlo.compare GT, %209, %211, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
      %213 = stablehlo.add %iterArg_38, %209 : tensor<2x3xf32>
      %214 = stablehlo.select %iterArg, %213, %iterArg_38 : tensor<2x3xi1>, tensor<2x3xf32>
      %215 = stablehlo.select %iterArg, %209, %iterArg_39 : tensor<2x3xi1>, tensor<2x3xf32>
      %cst_41 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
      %216 = stablehlo.compare LT, %iterArg_37, %cst_41, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
      %217 = stablehlo.broadcast_in_dim %216, dims = [] : (tensor<i1>) -> tensor<2x3xi1>
      %218 = stablehlo.or %212, %217 : tensor<2x3xi1>
      %219 = stablehlo.and %iterArg, %218 : tensor<2x3xi1>
      %cst_42 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
      %220 = stablehlo.add %iterArg_37, %cst_42 : tensor<f32>
      stablehlo.return %219, %220, %214, %215 : tensor<2x3xi1>, tensor<f32>, tensor<2x3xf32>, tensor<2x3xf32>
    }
    %26 = stablehlo.divide %25#2, %10 : tensor<2x3xf32>
    %cst_4 = stablehlo.constant dense<3.000000e+00> : tensor<f32>
    %27 = stablehlo.broadcast_in_dim %cst_4, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %28 = stablehlo.select %18, %27, %12 : tensor<2x3xi1>, tensor<2x3xf32>
    %29 = stablehlo.broadcast_in_dim %cst_3, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %30 = stablehlo.select %18, %29, %10 : tensor<2x3xi1>, tensor<2x3xf32>
    %31 = stablehlo.sqrt %30 : tensor<2x3xf32>
    %cst_5 = stablehlo.constant dense<6.000000e+00> : tensor<f32>
    %32 = stablehlo.broadcast_in_dim %cst_5, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %33 = stablehlo.multiply %32, %31 : tensor<2x3xf32>
    %cst_6 = stablehlo.constant dense<18.7676964> : tensor<f32>
    %34 = stablehlo.broadcast_in_dim %cst_6, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %35 = stablehlo.divide %34, %28 : tensor<2x3xf32>
    %36 = stablehlo.add %33, %35 : tensor<2x3xf32>
    %37 = stablehlo.add %28, %15 : tensor<2x3xf32>
    %38 = stablehlo.subtract %37, %30 : tensor<2x3xf32>
    %39 = stablehlo.abs %38 : tensor<2x3xf32>
    %cst_7 = stablehlo.constant dense<9.86076131E-32> : tensor<f32>
    %40 = stablehlo.broadcast_in_dim %cst_7, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %41 = stablehlo.compare LT, %39, %40, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %42 = stablehlo.broadcast_in_dim %cst_7, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %43 = stablehlo.select %41, %42, %38 : tensor<2x3xi1>, tensor<2x3xf32>
    %44 = stablehlo.divide %15, %43 : tensor<2x3xf32>
    %45 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %46 = stablehlo.abs %45 : tensor<2x3xf32>
    %47 = stablehlo.compare LT, %46, %40, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %48 = stablehlo.broadcast_in_dim %cst_7, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %49 = stablehlo.select %47, %48, %45 : tensor<2x3xi1>, tensor<2x3xf32>
    %50 = stablehlo.divide %15, %49 : tensor<2x3xf32>
    %51 = stablehlo.abs %44 : tensor<2x3xf32>
    %52 = stablehlo.broadcast_in_dim %cst_3, dims = [] : (tensor<f32>) -> tensor<f32>
    %53 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<i1>) -> tensor<2x3xi1>
    %54:5 = stablehlo.while(%iterArg = %53, %iterArg_37 = %52, %iterArg_38 = %44, %iterArg_39 = %50, %iterArg_40 = %44) : tensor<2x3xi1>, tensor<f32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>
    cond {
      %c_41 = stablehlo.constant dense<false> : tensor<i1>
      %206 = stablehlo.reduce(%iterArg init: %c_41) applies stablehlo.or across dimensions = [0, 1] : (tensor<2x3xi1>, tensor<i1>) -> tensor<i1>
      %cst_42 = stablehlo.constant dense<2.000000e+04> : tensor<f32>
      %207 = stablehlo.compare LT, %iterArg_37, %cst_42, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
      %208 = stablehlo.and %206, %207 : tensor<i1>
      stablehlo.return %208 : tensor<i1>
    } do {
      %206 = stablehlo.broadcast_in_dim %iterArg_37, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
      %207 = stablehlo.subtract %30, %206 : tensor<2x3xf32>
      %208 = stablehlo.multiply %206, %207 : tensor<2x3xf32>
      %cst_41 = stablehlo.constant dense<2.000000e+00> : tensor<f32>
      %209 = stablehlo.multiply %cst_41, %iterArg_37 : tensor<f32>
      %cst_42 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
      %210 = stablehlo.add %209, %cst_42 : tensor<f32>
      %211 = stablehlo.broadcast_in_dim %210, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
      %212 = stablehlo.add %28, %211 : tensor<2x3xf32>
      %213 = stablehlo.subtract %212, %30 : tensor<2x3xf32>
      %214 = stablehlo.multiply %208, %iterArg_40 : tensor<2x3xf32>
      %215 = stablehlo.add %213, %214 : tensor<2x3xf32>
      %216 = stablehlo.abs %215 : tensor<2x3xf32>
      %cst_43 = stablehlo.constant dense<9.86076131E-32> : tensor<f32>
      %217 = stablehlo.broadcast_in_dim %cst_43, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
      %218 = stablehlo.compare LT, %216, %217, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
      %219 = stablehlo.broadcast_in_dim %cst_43, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
      %220 = stablehlo.select %218, %219, %215 : tensor<2x3xi1>, tensor<2x3xf32>
      %221 = stablehlo.broadcast_in_dim %cst_42, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
      %222 = stablehlo.divide %221, %220 : tensor<2x3xf32>
      %223 = stablehlo.divide %208, %iterArg_39 : tensor<2x3xf32>
      %224 = stablehlo.add %213, %223 : tensor<2x3xf32>
      %225 = stablehlo.abs %224 : tensor<2x3xf32>
      %226 = stablehlo.compare LT, %225, %217, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
      %227 = stablehlo.broadcast_in_dim %cst_43, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
      %228 = stablehlo.select %226, %227, %224 : tensor<2x3xi1>, tensor<2x3xf32>
      %229 = stablehlo.multiply %228, %222 : tensor<2x3xf32>
      %230 = stablehlo.subtract %229, %221 : tensor<2x3xf32>
      %231 = stablehlo.abs %230 : tensor<2x3xf32>
      %cst_44 = stablehlo.constant dense<5.96046448E-8> : tensor<f32>
      %232 = stablehlo.broadcast_in_dim %cst_44, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
      %233 = stablehlo.compare GT, %231, %232, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
      %234 = stablehlo.multiply %iterArg_38, %229 : tensor<2x3xf32>
      %235 = stablehlo.select %iterArg, %234, %iterArg_38 : tensor<2x3xi1>, tensor<2x3xf32>
      %236 = stablehlo.select %iterArg, %228, %iterArg_39 : tensor<2x3xi1>, tensor<2x3xf32>
      %237 = stablehlo.select %iterArg, %222, %iterArg_40 : tensor<2x3xi1>, tensor<2x3xf32>
      %238 = stablehlo.compare LT, %206, %36, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
      %239 = stablehlo.or %233, %238 : tensor<2x3xi1>
      %240 = stablehlo.and %iterArg, %239 : tensor<2x3xi1>
      %241 = stablehlo.add %iterArg_37, %cst_42 : tensor<f32>
      stablehlo.return %240, %241, %235, %236, %237 : tensor<2x3xi1>, tensor<f32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>
    }
    %55 = stablehlo.subtract %12, %10 : tensor<2x3xf32>
    %56 = stablehlo.divide %55, %10 : tensor<2x3xf32>
    %57 = stablehlo.abs %56 : tensor<2x3xf32>
    %cst_8 = stablehlo.constant dense<4.000000e-01> : tensor<f32>
    %58 = stablehlo.broadcast_in_dim %cst_8, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %59 = stablehlo.compare LT, %57, %58, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %60 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %61 = stablehlo.select %59, %56, %60 : tensor<2x3xi1>, tensor<2x3xf32>
    %cst_9 = stablehlo.constant dense<2.000000e+00> : tensor<f32>
    %62 = stablehlo.broadcast_in_dim %cst_9, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %63 = stablehlo.add %61, %62 : tensor<2x3xf32>
    %64 = stablehlo.divide %61, %63 : tensor<2x3xf32>
    %65 = stablehlo.multiply %64, %64 : tensor<2x3xf32>
    %cst_10 = stablehlo.constant dense<0.0322580636> : tensor<f32>
    %66 = stablehlo.broadcast_in_dim %cst_10, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %67 = stablehlo.multiply %66, %65 : tensor<2x3xf32>
    %cst_11 = stablehlo.constant dense<0.0344827585> : tensor<f32>
    %68 = stablehlo.broadcast_in_dim %cst_11, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %69 = stablehlo.add %67, %68 : tensor<2x3xf32>
    %70 = stablehlo.multiply %69, %65 : tensor<2x3xf32>
    %cst_12 = stablehlo.constant dense<0.0370370373> : tensor<f32>
    %71 = stablehlo.broadcast_in_dim %cst_12, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %72 = stablehlo.add %70, %71 : tensor<2x3xf32>
    %73 = stablehlo.multiply %72, %65 : tensor<2x3xf32>
    %cst_13 = stablehlo.constant dense<4.000000e-02> : tensor<f32>
    %74 = stablehlo.broadcast_in_dim %cst_13, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %75 = stablehlo.add %73, %74 : tensor<2x3xf32>
    %76 = stablehlo.multiply %75, %65 : tensor<2x3xf32>
    %cst_14 = stablehlo.constant dense<0.0434782617> : tensor<f32>
    %77 = stablehlo.broadcast_in_dim %cst_14, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %78 = stablehlo.add %76, %77 : tensor<2x3xf32>
    %79 = stablehlo.multiply %78, %65 : tensor<2x3xf32>
    %cst_15 = stablehlo.constant dense<0.0476190485> : tensor<f32>
    %80 = stablehlo.broadcast_in_dim %cst_15, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %81 = stablehlo.add %79, %80 : tensor<2x3xf32>
    %82 = stablehlo.multiply %81, %65 : tensor<2x3xf32>
    %cst_16 = stablehlo.constant dense<0.0526315793> : tensor<f32>
    %83 = stablehlo.broadcast_in_dim %cst_16, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %84 = stablehlo.add %82, %83 : tensor<2x3xf32>
    %85 = stablehlo.multiply %84, %65 : tensor<2x3xf32>
    %cst_17 = stablehlo.constant dense<0.0588235296> : tensor<f32>
    %86 = stablehlo.broadcast_in_dim %cst_17, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %87 = stablehlo.add %85, %86 : tensor<2x3xf32>
    %88 = stablehlo.multiply %87, %65 : tensor<2x3xf32>
    %cst_18 = stablehlo.constant dense<0.0666666701> : tensor<f32>
    %89 = stablehlo.broadcast_in_dim %cst_18, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %90 = stablehlo.add %88, %89 : tensor<2x3xf32>
    %91 = stablehlo.multiply %90, %65 : tensor<2x3xf32>
    %cst_19 = stablehlo.constant dense<0.0769230798> : tensor<f32>
    %92 = stablehlo.broadcast_in_dim %cst_19, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %93 = stablehlo.add %91, %92 : tensor<2x3xf32>
    %94 = stablehlo.multiply %93, %65 : tensor<2x3xf32>
    %cst_20 = stablehlo.constant dense<0.0909090936> : tensor<f32>
    %95 = stablehlo.broadcast_in_dim %cst_20, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %96 = stablehlo.add %94, %95 : tensor<2x3xf32>
    %97 = stablehlo.multiply %96, %65 : tensor<2x3xf32>
    %cst_21 = stablehlo.constant dense<0.111111112> : tensor<f32>
    %98 = stablehlo.broadcast_in_dim %cst_21, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %99 = stablehlo.add %97, %98 : tensor<2x3xf32>
    %100 = stablehlo.multiply %99, %65 : tensor<2x3xf32>
    %cst_22 = stablehlo.constant dense<0.142857149> : tensor<f32>
    %101 = stablehlo.broadcast_in_dim %cst_22, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %102 = stablehlo.add %100, %101 : tensor<2x3xf32>
    %103 = stablehlo.multiply %102, %65 : tensor<2x3xf32>
    %cst_23 = stablehlo.constant dense<2.000000e-01> : tensor<f32>
    %104 = stablehlo.broadcast_in_dim %cst_23, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %105 = stablehlo.add %103, %104 : tensor<2x3xf32>
    %106 = stablehlo.multiply %105, %65 : tensor<2x3xf32>
    %cst_24 = stablehlo.constant dense<0.333333343> : tensor<f32>
    %107 = stablehlo.broadcast_in_dim %cst_24, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %108 = stablehlo.add %106, %107 : tensor<2x3xf32>
    %109 = stablehlo.multiply %62, %65 : tensor<2x3xf32>
    %110 = stablehlo.multiply %109, %108 : tensor<2x3xf32>
    %111 = stablehlo.subtract %110, %61 : tensor<2x3xf32>
    %112 = stablehlo.multiply %64, %111 : tensor<2x3xf32>
    %113 = stablehlo.multiply %10, %112 : tensor<2x3xf32>
    %114 = stablehlo.abs %56 : tensor<2x3xf32>
    %115 = stablehlo.compare LT, %114, %58, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %116 = stablehlo.log %12 : tensor<2x3xf32>
    %117 = stablehlo.log %10 : tensor<2x3xf32>
    %118 = stablehlo.subtract %116, %117 : tensor<2x3xf32>
    %119 = stablehlo.multiply %10, %118 : tensor<2x3xf32>
    %120 = stablehlo.subtract %119, %55 : tensor<2x3xf32>
    %121 = stablehlo.select %115, %113, %120 : tensor<2x3xi1>, tensor<2x3xf32>
    %cst_25 = stablehlo.constant dense<6.28318548> : tensor<f32>
    %122 = stablehlo.broadcast_in_dim %cst_25, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %123 = stablehlo.divide %10, %122 : tensor<2x3xf32>
    %124 = stablehlo.log %123 : tensor<2x3xf32>
    %125 = stablehlo.broadcast_in_dim %cst_1, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %126 = stablehlo.multiply %125, %124 : tensor<2x3xf32>
    %127 = stablehlo.add %121, %126 : tensor<2x3xf32>
    %cst_26 = stablehlo.constant dense<8.000000e+00> : tensor<f32>
    %128 = stablehlo.broadcast_in_dim %cst_26, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %129 = stablehlo.compare LT, %10, %128, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %130 = stablehlo.broadcast_in_dim %cst_26, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %131 = stablehlo.select %129, %130, %10 : tensor<2x3xi1>, tensor<2x3xf32>
    %132 = stablehlo.divide %15, %131 : tensor<2x3xf32>
    %cst_27 = stablehlo.constant dense<-0.029550653> : tensor<f32>
    %133 = stablehlo.broadcast_in_dim %cst_27, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %134 = stablehlo.multiply %132, %132 : tensor<2x3xf32>
    %135 = stablehlo.multiply %133, %134 : tensor<2x3xf32>
    %cst_28 = stablehlo.constant dense<0.00641025649> : tensor<f32>
    %136 = stablehlo.broadcast_in_dim %cst_28, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %137 = stablehlo.add %135, %136 : tensor<2x3xf32>
    %138 = stablehlo.multiply %132, %132 : tensor<2x3xf32>
    %139 = stablehlo.multiply %137, %138 : tensor<2x3xf32>
    %cst_29 = stablehlo.constant dense<-0.00191752694> : tensor<f32>
    %140 = stablehlo.broadcast_in_dim %cst_29, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %141 = stablehlo.add %139, %140 : tensor<2x3xf32>
    %142 = stablehlo.multiply %132, %132 : tensor<2x3xf32>
    %143 = stablehlo.multiply %141, %142 : tensor<2x3xf32>
    %cst_30 = stablehlo.constant dense<8.41750822E-4> : tensor<f32>
    %144 = stablehlo.broadcast_in_dim %cst_30, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %145 = stablehlo.add %143, %144 : tensor<2x3xf32>
    %146 = stablehlo.multiply %132, %132 : tensor<2x3xf32>
    %147 = stablehlo.multiply %145, %146 : tensor<2x3xf32>
    %cst_31 = stablehlo.constant dense<-5.95238118E-4> : tensor<f32>
    %148 = stablehlo.broadcast_in_dim %cst_31, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %149 = stablehlo.add %147, %148 : tensor<2x3xf32>
    %150 = stablehlo.multiply %132, %132 : tensor<2x3xf32>
    %151 = stablehlo.multiply %149, %150 : tensor<2x3xf32>
    %cst_32 = stablehlo.constant dense<7.93650805E-4> : tensor<f32>
    %152 = stablehlo.broadcast_in_dim %cst_32, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %153 = stablehlo.add %151, %152 : tensor<2x3xf32>
    %154 = stablehlo.multiply %132, %132 : tensor<2x3xf32>
    %155 = stablehlo.multiply %153, %154 : tensor<2x3xf32>
    %cst_33 = stablehlo.constant dense<-0.00277777785> : tensor<f32>
    %156 = stablehlo.broadcast_in_dim %cst_33, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %157 = stablehlo.add %155, %156 : tensor<2x3xf32>
    %158 = stablehlo.multiply %132, %132 : tensor<2x3xf32>
    %159 = stablehlo.multiply %157, %158 : tensor<2x3xf32>
    %cst_34 = stablehlo.constant dense<0.0833333358> : tensor<f32>
    %160 = stablehlo.broadcast_in_dim %cst_34, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %161 = stablehlo.add %159, %160 : tensor<2x3xf32>
    %162 = chlo.lgamma %10 : tensor<2x3xf32> -> tensor<2x3xf32>
    %163 = stablehlo.subtract %10, %125 : tensor<2x3xf32>
    %164 = stablehlo.log %10 : tensor<2x3xf32>
    %165 = stablehlo.multiply %163, %164 : tensor<2x3xf32>
    %166 = stablehlo.subtract %162, %165 : tensor<2x3xf32>
    %167 = stablehlo.add %166, %10 : tensor<2x3xf32>
    %cst_35 = stablehlo.constant dense<0.918938517> : tensor<f32>
    %168 = stablehlo.broadcast_in_dim %cst_35, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %169 = stablehlo.subtract %167, %168 : tensor<2x3xf32>
    %170 = stablehlo.compare LT, %10, %128, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %171 = stablehlo.multiply %161, %132 : tensor<2x3xf32>
    %172 = stablehlo.select %170, %169, %171 : tensor<2x3xi1>, tensor<2x3xf32>
    %173 = stablehlo.subtract %127, %172 : tensor<2x3xf32>
    %174 = stablehlo.select %18, %26, %54#2 : tensor<2x3xi1>, tensor<2x3xf32>
    %175 = stablehlo.exponential %173 : tensor<2x3xf32>
    %176 = stablehlo.multiply %175, %174 : tensor<2x3xf32>
    %177 = stablehlo.not %18 : tensor<2x3xi1>
    %178 = stablehlo.subtract %15, %176 : tensor<2x3xf32>
    %179 = stablehlo.select %177, %176, %178 : tensor<2x3xi1>, tensor<2x3xf32>
    %180 = stablehlo.compare EQ, %arg0, %4, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %181 = stablehlo.compare LT, %arg1, %4, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %182 = stablehlo.and %180, %181 : tensor<2x3xi1>
    %183 = stablehlo.broadcast_in_dim %cst_3, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %184 = stablehlo.select %182, %183, %179 : tensor<2x3xi1>, tensor<2x3xf32>
    %185 = stablehlo.compare EQ, %arg1, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %186 = stablehlo.broadcast_in_dim %cst_3, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %187 = stablehlo.select %185, %186, %184 : tensor<2x3xi1>, tensor<2x3xf32>
    %188 = stablehlo.compare EQ, %arg1, %4, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %189 = stablehlo.compare EQ, %arg0, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %190 = stablehlo.or %188, %189 : tensor<2x3xi1>
    %191 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %192 = stablehlo.select %190, %191, %187 : tensor<2x3xi1>, tensor<2x3xf32>
    %193 = stablehlo.compare LT, %arg1, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %194 = stablehlo.compare LT, %arg0, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %195 = stablehlo.or %193, %194 : tensor<2x3xi1>
    %196 = stablehlo.compare NE, %arg1, %arg1, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %197 = stablehlo.or %195, %196 : tensor<2x3xi1>
    %198 = stablehlo.compare NE, %arg0, %arg0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %199 = stablehlo.or %197, %198 : tensor<2x3xi1>
    %200 = stablehlo.compare EQ, %arg0, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %201 = stablehlo.compare EQ, %arg1, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %202 = stablehlo.and %200, %201 : tensor<2x3xi1>
    %203 = stablehlo.or %199, %202 : tensor<2x3xi1>
    %cst_36 = stablehlo.constant dense<0x7FC00000> : tensor<f32>
    %204 = stablehlo.broadcast_in_dim %cst_36, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %205 = stablehlo.select %203, %204, %192 : tensor<2x3xi1>, tensor<2x3xf32>
    return %205 : tensor<2x3xf32>
  }
}
