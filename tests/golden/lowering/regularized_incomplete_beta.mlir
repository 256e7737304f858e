module @jib_regularized_incomplete_beta {
  func.func public @main(%arg0: tensor<2x3xf32>, %arg1: tensor<2x3xf32>, %arg2: tensor<2x3xf32>) -> tensor<2x3xf32> {
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %0 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %1 = stablehlo.compare EQ, %arg0, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %cst_0 = stablehlo.constant dense<0x7F800000> : tensor<f32>
    %2 = stablehlo.broadcast_in_dim %cst_0, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %3 = stablehlo.compare EQ, %arg1, %2, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %4 = stablehlo.or %1, %3 : tensor<2x3xi1>
    %5 = stablehlo.compare EQ, %arg1, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %6 = stablehlo.compare EQ, %arg0, %2, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %7 = stablehlo.or %5, %6 : tensor<2x3xi1>
    %8 = stablehlo.compare GT, %arg0, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %9 = stablehlo.compare GT, %arg1, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %10 = stablehlo.and %8, %9 : tensor<2x3xi1>
    %11 = stablehlo.compare LT, %arg0, %2, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %12 = stablehlo.and %10, %11 : tensor<2x3xi1>
    %13 = stablehlo.compare LT, %arg1, %2, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %14 = stablehlo.and %12, %13 : tensor<2x3xi1>
    %15 = stablehlo.compare GT, %arg2, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %16 = stablehlo.and %14, %15 : tensor<2x3xi1>
    %cst_1 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %17 = stablehlo.broadcast_in_dim %cst_1, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %18 = stablehlo.compare LT, %arg2, %17, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %19 = stablehlo.and %16, %18 : tensor<2x3xi1>
    %cst_2 = stablehlo.constant dense<5.000000e-01> : tensor<f32>
    %20 = stablehlo.broadcast_in_dim %cst_2, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %21 = stablehlo.select %19, %arg0, %20 : tensor<2x3xi1>, tensor<2x3xf32>
    %22 = stablehlo.broadcast_in_dim %cst_2, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %23 = stablehlo.select %19, %arg1, %22 : tensor<2x3xi1>, tensor<2x3xf32>
    %24 = stablehlo.broadcast_in_dim %cst_2, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %25 = stablehlo.select %19, %arg2, %24 : tensor<2x3xi1>, tensor<2x3xf32>
    %26 = stablehlo.add %21, %17 : tensor<2x3xf32>
    %27 = stablehlo.add %21, %23 : tensor<2x3xf32>
    %cst_3 = stablehlo.constant dense<2.000000e+00> : tensor<f32>
    %28 = stablehlo.broadcast_in_dim %cst_3, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %29 = stablehlo.add %27, %28 : tensor<2x3xf32>
    %30 = stablehlo.divide %26, %29 : tensor<2x3xf32>
    %31 = stablehlo.compare LT, %25, %30, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %32 = stablehlo.add %21, %23 : tensor<2x3xf32>
    %33 = stablehlo.subtract %17, %25 : tensor<2x3xf32>
    %34 = stablehlo.multiply %25, %23 : tensor<2x3xf32>
    %35 = stablehlo.multiply %33, %21 : tensor<2x3xf32>
    %36 = stablehlo.subtract %34, %35 : tensor<2x3xf32>
    %37 = stablehlo.multiply %25, %32 : tensor<2x3xf32>
    %38 = stablehlo.divide %36, %21 : tensor<2x3xf32>
    %39 = stablehlo.abs %38 : tensor<2x3xf32>
    %cst_4 = stablehlo.constant dense<4.000000e-01> : tensor<f32>
    %40 = stablehlo.broadcast_in_dim %cst_4, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %41 = stablehlo.compare LT, %39, %40, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %42 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %43 = stablehlo.select %41, %38, %42 : tensor<2x3xi1>, tensor<2x3xf32>
    %44 = stablehlo.add %43, %28 : tensor<2x3xf32>
    %45 = stablehlo.divide %43, %44 : tensor<2x3xf32>
    %46 = stablehlo.multiply %45, %45 : tensor<2x3xf32>
    %cst_5 = stablehlo.constant dense<0.0322580636> : tensor<f32>
    %47 = stablehlo.broadcast_in_dim %cst_5, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %48 = stablehlo.multiply %47, %46 : tensor<2x3xf32>
    %cst_6 = stablehlo.constant dense<0.0344827585> : tensor<f32>
    %49 = stablehlo.broadcast_in_dim %cst_6, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %50 = stablehlo.add %48, %49 : tensor<2x3xf32>
    %51 = stablehlo.multiply %50, %46 : tensor<2x3xf32>
    %cst_7 = stablehlo.constant dense<0.0370370373> : tensor<f32>
    %52 = stablehlo.broadcast_in_dim %cst_7, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %53 = stablehlo.add %51, %52 : tensor<2x3xf32>
    %54 = stablehlo.multiply %53, %46 : tensor<2x3xf32>
    %cst_8 = stablehlo.constant dense<4.000000e-02> : tensor<f32>
    %55 = stablehlo.broadcast_in_dim %cst_8, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %56 = stablehlo.add %54, %55 : tensor<2x3xf32>
    %57 = stablehlo.multiply %56, %46 : tensor<2x3xf32>
    %cst_9 = stablehlo.constant dense<0.0434782617> : tensor<f32>
    %58 = stablehlo.broadcast_in_dim %cst_9, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %59 = stablehlo.add %57, %58 : tensor<2x3xf32>
    %60 = stablehlo.multiply %59, %46 : tensor<2x3xf32>
    %cst_10 = stablehlo.constant dense<0.0476190485> : tensor<f32>
    %61 = stablehlo.broadcast_in_dim %cst_10, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %62 = stablehlo.add %60, %61 : tensor<2x3xf32>
    %63 = stablehlo.multiply %62, %46 : tensor<2x3xf32>
    %cst_11 = stablehlo.constant dense<0.0526315793> : tensor<f32>
    %64 = stablehlo.broadcast_in_dim %cst_11, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %65 = stablehlo.add %63, %64 : tensor<2x3xf32>
    %66 = stablehlo.multiply %65, %46 : tensor<2x3xf32>
    %cst_12 = stablehlo.constant dense<0.0588235296> : tensor<f32>
    %67 = stablehlo.broadcast_in_dim %cst_12, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %68 = stablehlo.add %66, %67 : tensor<2x3xf32>
    %69 = stablehlo.multiply %68, %46 : tensor<2x3xf32>
    %cst_13 = stablehlo.constant dense<0.0666666701> : tensor<f32>
    %70 = stablehlo.broadcast_in_dim %cst_13, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %71 = stablehlo.add %69, %70 : tensor<2x3xf32>
    %72 = stablehlo.multiply %71, %46 : tensor<2x3xf32>
    %cst_14 = stablehlo.constant dense<0.0769230798> : tensor<f32>
    %73 = stablehlo.broadcast_in_dim %cst_14, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %74 = stablehlo.add %72, %73 : tensor<2x3xf32>
    %75 = stablehlo.multiply %74, %46 : tensor<2x3xf32>
    %cst_15 = stablehlo.constant dense<0.0909090936> : tensor<f32>
    %76 = stablehlo.broadcast_in_dim %cst_15, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %77 = stablehlo.add %75, %76 : tensor<2x3xf32>
    %78 = stablehlo.multiply %77, %46 : tensor<2x3xf32>
    %cst_16 = stablehlo.constant dense<0.111111112> : tensor<f32>
    %79 = stablehlo.broadcast_in_dim %cst_16, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %80 = stablehlo.add %78, %79 : tensor<2x3xf32>
    %81 = stablehlo.multiply %80, %46 : tensor<2x3xf32>
    %cst_17 = stablehlo.constant dense<0.142857149> : tensor<f32>
    %82 = stablehlo.broadcast_in_dim %cst_17, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %83 = stablehlo.add %81, %82 : tensor<2x3xf32>
    %84 = stablehlo.multiply %83, %46 : tensor<2x3xf32>
    %cst_18 = stablehlo.constant dense<2.000000e-01> : tensor<f32>
    %85 = stablehlo.broadcast_in_dim %cst_18, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %86 = stablehlo.add %84, %85 : tensor<2x3xf32>
    %87 = stablehlo.multiply %86, %46 : tensor<2x3xf32>
    %cst_19 = stablehlo.constant dense<0.333333343> : tensor<f32>
    %88 = stablehlo.broadcast_in_dim %cst_19, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %89 = stablehlo.add %87, %88 : tensor<2x3xf32>
    %90 = stablehlo.multiply %28, %46 : tensor<2x3xf32>
    %91 = stablehlo.multiply %90, %89 : tensor<2x3xf32>
    %92 = stablehlo.subtract %91, %43 : tensor<2x3xf32>
    %93 = stablehlo.multiply %45, %92 : tensor<2x3xf32>
    %94 = stablehlo.multiply %21, %93 : tensor<2x3xf32>
    %95 = stablehlo.abs %38 : tensor<2x3xf32>
    %96 = stablehlo.compare LT, %95, %40, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %97 = stablehlo.log %37 : tensor<2x3xf32>
    %98 = stablehlo.log %21 : tensor<2x3xf32>
    %99 = stablehlo.subtract %97, %98 : tensor<2x3xf32>
    %100 = stablehlo.multiply %21, %99 : tensor<2x3xf32>
    %101 = stablehlo.subtract %100, %36 : tensor<2x3xf32>
    %102 = stablehlo.select %96, %94, %101 : tensor<2x3xi1>, tensor<2x3xf32>
    %103 = stablehlo.multiply %33, %32 : tensor<2x3xf32>
    %104 = stablehlo.negate %36 : tensor<2x3xf32>
    %105 = stablehlo.divide %104, %23 : tensor<2x3xf32>
    %106 = stablehlo.abs %105 : tensor<2x3xf32>
    %107 = stablehlo.compare LT, %106, %40, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %108 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %109 = stablehlo.select %107, %105, %108 : tensor<2x3xi1>, tensor<2x3xf32>
    %110 = stablehlo.add %109, %28 : tensor<2x3xf32>
    %111 = stablehlo.divide %109, %110 : tensor<2x3xf32>
    %112 = stablehlo.multiply %111, %111 : tensor<2x3xf32>
    %113 = stablehlo.broadcast_in_dim %cst_5, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %114 = stablehlo.multiply %113, %112 : tensor<2x3xf32>
    %115 = stablehlo.add %114, %49 : tensor<2x3xf32>
    %116 = stablehlo.multiply %115, %112 : tensor<2x3xf32>
    %117 = stablehlo.add %116, %52 : tensor<2x3xf32>
    %118 = stablehlo.multiply %117, %112 : tensor<2x3xf32>
    %119 = stablehlo.add %118, %55 : tensor<2x3xf32>
    %120 = stablehlo.multiply %119, %112 : tensor<2x3xf32>
    %121 = stablehlo.add %120, %58 : tensor<2x3xf32>
    %122 = stablehlo.multiply %121, %112 : tensor<2x3xf32>
    %123 = stablehlo.add %122, %61 : tensor<2x3xf32>
    %124 = stablehlo.multiply %123, %112 : tensor<2x3xf32>
    %125 = stablehlo.add %124, %64 : tensor<2x3xf32>
    %126 = stablehlo.multiply %125, %112 : tensor<2x3xf32>
    %127 = stablehlo.add %126, %67 : tensor<2x3xf32>
    %128 = stablehlo.multiply %127, %112 : tensor<2x3xf32>
    %129 = stablehlo.add %128, %70 : tensor<2x3xf32>
    %130 = stablehlo.multiply %129, %112 : tensor<2x3xf32>
    %131 = stablehlo.add %130, %73 : tensor<2x3xf32>
    %132 = stablehlo.multiply %131, %112 : tensor<2x3xf32>
    %133 = stablehlo.add %132, %76 : tensor<2x3xf32>
    %134 = stablehlo.multiply %133, %112 : tensor<2x3xf32>
    %135 = stablehlo.add %134, %79 : tensor<2x3xf32>
    %136 = stablehlo.multiply %135, %112 : tensor<2x3xf32>
    %137 = stablehlo.add %136, %82 : tensor<2x3xf32>
    %138 = stablehlo.multiply %137, %112 : tensor<2x3xf32>
    %139 = stablehlo.add %138, %85 : tensor<2x3xf32>
    %140 = stablehlo.multiply %139, %112 : tensor<2x3xf32>
    %141 = stablehlo.add %140, %88 : tensor<2x3xf32>
    %142 = stablehlo.multiply %28, %112 : tensor<2x3xf32>
    %143 = stablehlo.multiply %142, %141 : tensor<2x3xf32>
    %144 = stablehlo.subtract %143, %109 : tensor<2x3xf32>
    %145 = stablehlo.multiply %111, %144 : tensor<2x3xf32>
    %146 = stablehlo.multiply %23, %145 : tensor<2x3xf32>
    %147 = stablehlo.abs %105 : tensor<2x3xf32>
    %148 = stablehlo.compare LT, %147, %40, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %149 = stablehlo.log %103 : tensor<2x3xf32>
    %150 = stablehlo.log %23 : tensor<2x3xf32>
    %151 = stablehlo.subtract %149, %150 : tensor<2x3xf32>
    %152 = stablehlo.multiply %23, %151 : tensor<2x3xf32>
    %153 = stablehlo.subtract %152, %104 : tensor<2x3xf32>
    %154 = stablehlo.select %148, %146, %153 : tensor<2x3xi1>, tensor<2x3xf32>
    %155 = stablehlo.add %102, %154 : tensor<2x3xf32>
    %156 = stablehlo.divide %21, %32 : tensor<2x3xf32>
    %cst_20 = stablehlo.constant dense<6.28318548> : tensor<f32>
    %157 = stablehlo.broadcast_in_dim %cst_20, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %158 = stablehlo.divide %23, %157 : tensor<2x3xf32>
    %159 = stablehlo.multiply %156, %158 : tensor<2x3xf32>
    %160 = stablehlo.log %159 : tensor<2x3xf32>
    %161 = stablehlo.broadcast_in_dim %cst_2, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %162 = stablehlo.multiply %161, %160 : tensor<2x3xf32>
    %163 = stablehlo.add %155, %162 : tensor<2x3xf32>
    %cst_21 = stablehlo.constant dense<8.000000e+00> : tensor<f32>
    %164 = stablehlo.broadcast_in_dim %cst_21, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %165 = stablehlo.compare LT, %32, %164, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %166 = stablehlo.broadcast_in_dim %cst_21, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %167 = stablehlo.select %165, %166, %32 : tensor<2x3xi1>, tensor<2x3xf32>
    %168 = stablehlo.divide %17, %167 : tensor<2x3xf32>
    %cst_22 = stablehlo.constant dense<-0.029550653> : tensor<f32>
    %169 = stablehlo.broadcast_in_dim %cst_22, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %170 = stablehlo.multiply %168, %168 : tensor<2x3xf32>
    %171 = stablehlo.multiply %169, %170 : tensor<2x3xf32>
    %cst_23 = stablehlo.constant dense<0.00641025649> : tensor<f32>
    %172 = stablehlo.broadcast_in_dim %cst_23, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %173 = stablehlo.add %171, %172 : tensor<2x3xf32>
    %174 = stablehlo.multiply %168, %168 : tensor<2x3xf32>
    %175 = stablehlo.multiply %173, %174 : tensor<2x3xf32>
    %cst_24 = stablehlo.constant dense<-0.00191752694> : tensor<f32>
    %176 = stablehlo.broadcast_in_dim %cst_24, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %177 = stablehlo.add %175, %176 : tensor<2x3xf32>
    %178 = stablehlo.multiply %168, %168 : tensor<2x3xf32>
    %179 = stablehlo.multiply %177, %178 : tensor<2x3xf32>
    %cst_25 = stablehlo.constant dense<8.41750822E-4> : tensor<f32>
    %180 = stablehlo.broadcast_in_dim %cst_25, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %181 = stablehlo.add %179, %180 : tensor<2x3xf32>
    %182 = stablehlo.multiply %168, %168 : tensor<2x3xf32>
    %183 = stablehlo.multiply %181, %182 : tensor<2x3xf32>
    %cst_26 = stablehlo.constant dense<-5.95238118E-4> : tensor<f32>
    %184 = stablehlo.broadcast_in_dim %cst_26, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %185 = stablehlo.add %183, %184 : tensor<2x3xf32>
    %186 = stablehlo.multiply %168, %168 : tensor<2x3xf32>
    %187 = stablehlo.multiply %185, %186 : tensor<2x3xf32>
    %cst_27 = stablehlo.constant dense<7.93650805E-4> : tensor<f32>
    %188 = stablehlo.broadcast_in_dim %cst_27, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %189 = stablehlo.add %187, %188 : tensor<2x3xf32>
    %190 = stablehlo.multiply %168, %168 : tensor<2x3xf32>
    %191 = stablehlo.multiply %189, %190 : tensor<2x3xf32>
    %cst_28 = stablehlo.constant dense<-0.00277777785> : tensor<f32>
    %192 = stablehlo.broadcast_in_dim %cst_28, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %193 = stablehlo.add %191, %192 : tensor<2x3xf32>
    %194 = stablehlo.multiply %168, %168 : tensor<2x3xf32>
    %195 = stablehlo.multiply %193, %194 : tensor<2x3xf32>
    %cst_29 = stablehlo.constant dense<0.0833333358> : tensor<f32>
    %196 = stablehlo.broadcast_in_dim %cst_29, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %197 = stablehlo.add %195, %196 : tensor<2x3xf32>
    %198 = chlo.lgamma %32 : tensor<2x3xf32> -> tensor<2x3xf32>
    %199 = stablehlo.subtract %32, %161 : tensor<2x3xf32>
    %200 = stablehlo.log %32 : tensor<2x3xf32>
    %201 = stablehlo.multiply %199, %200 : tensor<2x3xf32>
    %202 = stablehlo.subtract %198, %201 : tensor<2x3xf32>
    %203 = stablehlo.add %202, %32 : tensor<2x3xf32>
    %cst_30 = stablehlo.constant dense<0.918938517> : tensor<f32>
    %204 = stablehlo.broadcast_in_dim %cst_30, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %205 = stablehlo.subtract %203, %204 : tensor<2x3xf32>
    %206 = stablehlo.compare LT, %32, %164, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %207 = stablehlo.multiply %197, %168 : tensor<2x3xf32>
    %208 = stablehlo.select %206, %205, %207 : tensor<2x3xi1>, tensor<2x3xf32>
    %209 = stablehlo.add %163, %208 : tensor<2x3xf32>
    %210 = stablehlo.compare LT, %21, %164, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %211 = stablehlo.broadcast_in_dim %cst_21, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %212 = stablehlo.select %210, %211, %21 : tensor<2x3xi1>, tensor<2x3xf32>
    %213 = stablehlo.divide %17, %212 : tensor<2x3xf32>
    %214 = stablehlo.broadcast_in_dim %cst_22, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %215 = stablehlo.multiply %213, %213 : tensor<2x3xf32>
    %216 = stablehlo.multiply %214, %215 : tensor<2x3xf32>
    %217 = stablehlo.add %216, %172 : tensor<2x3xf32>
    %218 = stablehlo.multiply %213, %213 : tensor<2x3xf32>
    %219 = stablehlo.multiply %217, %218 : tensor<2x3xf32>
    %220 = stablehlo.add %219, %176 : tensor<2x3xf32>
    %221 = stablehlo.multiply %213, %213 : tensor<2x3xf32>
    %222 = stablehlo.multiply %220, %221 : tensor<2x3xf32>
    %223 = stablehlo.add %222, %180 : tensor<2x3xf32>
    %224 = stablehlo.multiply %213, %213 : tensor<2x3xf32>
    %225 = stablehlo.multiply %223, %224 : tensor<2x3xf32>
    %226 = stablehlo.add %225, %184 : tensor<2x3xf32>
    %227 = stablehlo.multiply %213, %213 : tensor<2x3xf32>
    %228 = stablehlo.multiply %226, %227 : tensor<2x3xf32>
    %229 = stablehlo.add %228, %188 : tensor<2x3xf32>
    %230 = stablehlo.multiply %213, %213 : tensor<2x3xf32>
    %231 = stablehlo.multiply %229, %230 : tensor<2x3xf32>
    %232 = stablehlo.add %231, %192 : tensor<2x3xf32>
    %233 = stablehlo.multiply %213, %213 : tensor<2x3xf32>
    %234 = stablehlo.multiply %232, %233 : tensor<2x3xf32>
    %235 = stablehlo.add %234, %196 : tensor<2x3xf32>
    %236 = chlo.lgamma %21 : tensor<2x3xf32> -> tensor<2x3xf32>
    %237 = stablehlo.subtract %21, %161 : tensor<2x3xf32>
    %238 = stablehlo.log %21 : tensor<2x3xf32>
    %239 = stablehlo.multiply %237, %238 : tensor<2x3xf32>
    %240 = stablehlo.subtract %236, %239 : tensor<2x3xf32>
    %241 = stablehlo.add %240, %21 : tensor<2x3xf32>
    %242 = stablehlo.subtract %241, %204 : tensor<2x3xf32>
    %243 = stablehlo.compare LT, %21, %164, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %244 = stablehlo.multiply %235, %213 : tensor<2x3xf32>
    %245 = stablehlo.select %243, %242, %244 : tensor<2x3xi1>, tensor<2x3xf32>
    %246 = stablehlo.subtract %209, %245 : tensor<2x3xf32>
    %247 = stablehlo.compare LT, %23, %164, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %248 = stablehlo.broadcast_in_dim %cst_21, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %249 = stablehlo.select %247, %248, %23 : tensor<2x3xi1>, tensor<2x3xf32>
    %250 = stablehlo.divide %17, %249 : tensor<2x3xf32>
    %251 = stablehlo.broadcast_in_dim %cst_22, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %252 = stablehlo.multiply %250, %250 : tensor<2x3xf32>
    %253 = stablehlo.multiply %251, %252 : tensor<2x3xf32>
    %254 = stablehlo.add %253, %172 : tensor<2x3xf32>
    %255 = stablehlo.multiply %250, %250 : tensor<2x3xf32>
    %256 = stablehlo.multiply %254, %255 : tensor<2x3xf32>
    %257 = stablehlo.add %256, %176 : tensor<2x3xf32>
    %258 = stablehlo.multiply %250, %250 : tensor<2x3xf32>
    %259 = stablehlo.multiply %257, %258 : tensor<2x3xf32>
    %260 = stablehlo.add %259, %180 : tensor<2x3xf32>
    %261 = stablehlo.multiply %250, %250 : tensor<2x3xf32>
    %262 = stablehlo.multiply %260, %261 : tensor<2x3xf32>
    %263 = stablehlo.add %262, %184 : tensor<2x3xf32>
    %264 = stablehlo.multiply %250, %250 : tensor<2x3xf32>
    %265 = stablehlo.multiply %263, %264 : tensor<2x3xf32>
    %266 = stablehlo.add %265, %188 : tensor<2x3xf32>
    %267 = stablehlo.multiply %250, %250 : tensor<2x3xf32>
    %268 = stablehlo.multiply %266, %267 : tensor<2x3xf32>
    %269 = stablehlo.add %268, %192 : tensor<2x3xf32>
    %270 = stablehlo.multiply %250, %250 : tensor<2x3xf32>
    %271 = stablehlo.multiply %269, %270 : tensor<2x3xf32>
    %272 = stablehlo.add %271, %196 : tensor<2x3xf32>
    %273 = chlo.lgamma %23 : tensor<2x3xf32> -> tensor<2x3xf32>
    %274 = stablehlo.subtract %23, %161 : tensor<2x3xf32>
    %275 = stablehlo.log %23 : tensor<2x3xf32>
    %276 = stablehlo.multiply %274, %275 : tensor<2x3xf32>
    %277 = stablehlo.subtract %273, %276 : tensor<2x3xf32>
    %278 = stablehlo.add %277, %23 : tensor<2x3xf32>
    %279 = stablehlo.subtract %278, %204 : tensor<2x3xf32>
    %280 = stablehlo.compare LT, %23, %164, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %281 = stablehlo.multiply %272, %250 : tensor<2x3xf32>
    %282 = stablehlo.select %280, %279, %281 : tensor<2x3xi1>, tensor<2x3xf32>
    %283 = stablehlo.subtract %246, %282 : tensor<2x3xf32>
    %284 = stablehlo.exponential %283 : tensor<2x3xf32>
    %285 = stablehlo.select %31, %21, %23 : tensor<2x3xi1>, tensor<2x3xf32>
    %286 = stablehlo.select %31, %23, %21 : tensor<2x3xi1>, tensor<2x3xf32>
    %287 = stablehlo.subtract %17, %25 : tensor<2x3xf32>
    %288 = stablehlo.select %31, %287, %25 : tensor<2x3xi1>, tensor<2x3xf32>
    %289 = stablehlo.subtract %17, %25 : tensor<2x3xf32>
    %290 = stablehlo.select %31, %25, %289 : tensor<2x3xi1>, tensor<2x3xf32>
    %291 = stablehlo.multiply %288, %285 : tensor<2x3xf32>
    %292 = stablehlo.multiply %290, %286 : tensor<2x3xf32>
    %293 = stablehlo.subtract %291, %292 : tensor<2x3xf32>
    %294 = stablehlo.add %293, %17 : tensor<2x3xf32>
    %295 = stablehlo.minimum %285, %286 : tensor<2x3xf32>
    %296 = stablehlo.sqrt %295 : tensor<2x3xf32>
    %cst_31 = stablehlo.constant dense<6.000000e+00> : tensor<f32>
    %297 = stablehlo.broadcast_in_dim %cst_31, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %298 = stablehlo.multiply %297, %296 : tensor<2x3xf32>
    %cst_32 = stablehlo.constant dense<1.200000e+01> : tensor<f32>
    %299 = stablehlo.broadcast_in_dim %cst_32, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %300 = stablehlo.add %298, %299 : tensor<2x3xf32>
    %301 = stablehlo.multiply %285, %294 : tensor<2x3xf32>
    %302 = stablehlo.add %285, %17 : tensor<2x3xf32>
    %303 = stablehlo.divide %301, %302 : tensor<2x3xf32>
    %304 = stablehlo.abs %303 : tensor<2x3xf32>
    %cst_33 = stablehlo.constant dense<9.86076131E-32> : tensor<f32>
    %305 = stablehlo.broadcast_in_dim %cst_33, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %306 = stablehlo.compare LT, %304, %305, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %307 = stablehlo.broadcast_in_dim %cst_33, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %308 = stablehlo.select %306, %307, %303 : tensor<2x3xi1>, tensor<2x3xf32>
    %309 = stablehlo.divide %17, %308 : tensor<2x3xf32>
    %310 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %311 = stablehlo.abs %310 : tensor<2x3xf32>
    %312 = stablehlo.compare LT, %311, %305, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %313 = stablehlo.broadcast_in_dim %cst_33, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %314 = stablehlo.select %312, %313, %310 : tensor<2x3xi1>, tensor<2x3xf32>
    %315 = stablehlo.divide %17, %314 : tensor<2x3xf32>
    %316 = stablehlo.abs %309 : tensor<2x3xf32>
    %317 = stablehlo.broadcast_in_dim %cst_1, dims = [] : (tensor<f32>) -> tensor<f32>
    %c = stablehlo.constant dense<true> : tensor<i1>
    %318 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<i1>) -> tensor<2x3xi1>
    %319:5 = stablehlo.while(%iterArg = %318, %iterArg_35 = %317, %iterArg_36 = %309, %iterArg_37 = %315, %iterArg_38 = %309) : tensor<2x3xi1>, tensor<f32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>
    cond {
      %c_39 = stablehlo.constant dense<false> : tensor<i1>
      %360 = stablehlo.reduce(%iterArg init: %c_39) applies stablehlo.or across dimensions = [0, 1] : (tensor<2x3xi1>, tensor<i1>) -> tensor<i1>
      %cst_40 = stablehlo.constant dense<2.000000e+04> : tensor<f32>
      %361 = stablehlo.compare LT, %iterArg_35, %cst_40, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
      %362 = stablehlo.and %360, %361 : tensor<i1>
      stablehlo.return %362 : tensor<i1>
    } do {
      %360 = stablehlo.broadcast_in_dim %iterArg_35, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
      %361 = stablehlo.subtract %286, %360 : tensor<2x3xf32>
      %362 = stablehlo.multiply %360, %361 : tensor<2x3xf32>
      %363 = stablehlo.multiply %362, %290 : tensor<2x3xf32>
      %cst_39 = stablehlo.constant dense<2.000000e+00> : tensor<f32>
      %364 = stablehlo.multiply %cst_39, %iterArg_35 : tensor<f32>
      %365 = stablehlo.broadcast_in_dim %364, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
      %366 = stablehlo.add %285, %365 : tensor<2x3xf32>
      %cst_40 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
      %367 = stablehlo.broadcast_in_dim %cst_40, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
      %368 = stablehlo.subtract %366, %367 : tensor<2x3xf32>
      %369 = stablehlo.divide %363, %368 : tensor<2x3xf32>
      %370 = stablehlo.add %285, %360 : tensor<2x3xf32>
      %371 = stablehlo.subtract %370, %367 : tensor<2x3xf32>
      %372 = stablehlo.multiply %369, %371 : tensor<2x3xf32>
      %373 = stablehlo.add %285, %286 : tensor<2x3xf32>
      %374 = stablehlo.add %373, %360 : tensor<2x3xf32>
      %375 = stablehlo.subtract %374, %367 : tensor<2x3xf32>
      %376 = stablehlo.multiply %372, %375 : tensor<2x3xf32>
      %377 = stablehlo.multiply %376, %290 : tensor<2x3xf32>
      %378 = stablehlo.multiply %cst_39, %iterArg_35 : tensor<f32>
      %379 = stablehlo.broadcast_in_dim %378, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
      %380 = stablehlo.add %285, %379 : tensor<2x3xf32>
      %381 = stablehlo.subtract %380, %367 : tensor<2x3xf32>
      %382 = stablehlo.divide %377, %381 : tensor<2x3xf32>
      %383 = stablehlo.add %360, %369 : tensor<2x3xf32>
      %384 = stablehlo.add %285, %360 : tensor<2x3xf32>
      %385 = stablehlo.add %367, %288 : tensor<2x3xf32>
      %386 = stablehlo.multiply %360, %385 : tensor<2x3xf32>
      %387 = stablehlo.add %294, %386 : tensor<2x3xf32>
      %388 = stablehlo.multiply %384, %387 : tensor<2x3xf32>
      %389 = stablehlo.multiply %cst_39, %iterArg_35 : tensor<f32>
      %390 = stablehlo.broadcast_in_dim %389, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
      %391 = stablehlo.add %285, %390 : tensor<2x3xf32>
      %392 = stablehlo.add %391, %367 : tensor<2x3xf32>
      %393 = stablehlo.divide %388, %392 : tensor<2x3xf32>
      %394 = stablehlo.add %383, %393 : tensor<2x3xf32>
      %395 = stablehlo.multiply %382, %iterArg_38 : tensor<2x3xf32>
      %396 = stablehlo.add %394, %395 : tensor<2x3xf32>
      %397 = stablehlo.abs %396 : tensor<2x3xf32>
      %cst_41 = stablehlo.constant dense<9.86076131E-32> : tensor<f32>
      %398 = stablehlo.broadcast_in_dim %cst_41, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
      %399 = stablehlo.compare LT, %397, %398, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
      %400 = stablehlo.broadcast_in_dim %cst_41, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
      %401 = stablehlo.select %399, %400, %396 : tensor<2x3xi1>, tensor<2x3xf32>
      %402 = stablehlo.divide %367, %401 : tensor<2x3xf32>
      %403 = stablehlo.divide %382, %iterArg_37 : tensor<2x3xf32>
      %404 = stablehlo.add %394, %403 : tensor<2x3xf32>
      %405 = stablehlo.abs %404 : tensor<2x3xf32>
      %406 = stablehlo.compare LT, %405, %398, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
      %407 = stablehlo.broadcast_in_dim %cst_41, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
      %408 = stablehlo.select %406, %407, %404 : tensor<2x3xi1>, tensor<2x3xf32>
      %409 = stablehlo.multiply %408, %402 : tensor<2x3xf32>
      %410 = stablehlo.subtract %409, %367 : tensor<2x3xf32>
      %411 = stablehlo.abs %410 : tensor<2x3xf32>
      %cst_42 = stablehlo.constant dense<5.96046448E-8> : tensor<f32>
      %412 = stablehlo.broadcast_in_dim %cst_42, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
      %413 = stablehlo.compare GT, %411, %412, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
      %414 = stablehlo.multiply %iterArg_36, %409 : tensor<2x3xf32>
      %415 = stablehlo.select %iterArg, %414, %iterArg_36 : tensor<2x3xi1>, tensor<2x3xf32>
      %416 = stablehlo.select %iterArg, %408, %iterArg_37 : tensor<2x3xi1>, tensor<2x3xf32>
      %417 = stablehlo.select %iterArg, %402, %iterArg_38 : tensor<2x3xi1>, tensor<2x3xf32>
      %418 = stablehlo.compare LT, %360, %300, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
      %419 = stablehlo.or %413, %418 : tensor<2x3xi1>
      %420 = stablehlo.and %iterArg, %419 : tensor<2x3xi1>
      %421 = stablehlo.add %iterArg_35, %cst_40 : tensor<f32>
      stablehlo.return %420, %421, %415, %416, %417 : tensor<2x3xi1>, tensor<f32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>
    }
    %320 = stablehlo.multiply %284, %319#2 : tensor<2x3xf32>
    %321 = stablehlo.subtract %17, %320 : tensor<2x3xf32>
    %322 = stablehlo.select %31, %320, %321 : tensor<2x3xi1>, tensor<2x3xf32>
    %323 = stablehlo.compare EQ, %arg2, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %324 = stablehlo.or %323, %7 : tensor<2x3xi1>
    %325 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %326 = stablehlo.select %324, %325, %322 : tensor<2x3xi1>, tensor<2x3xf32>
    %327 = stablehlo.compare EQ, %arg2, %17, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %328 = stablehlo.or %327, %4 : tensor<2x3xi1>
    %329 = stablehlo.broadcast_in_dim %cst_1, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %330 = stablehlo.select %328, %329, %326 : tensor<2x3xi1>, tensor<2x3xf32>
    %331 = stablehlo.compare EQ, %arg2, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %332 = stablehlo.and %4, %331 : tensor<2x3xi1>
    %333 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %334 = stablehlo.select %332, %333, %330 : tensor<2x3xi1>, tensor<2x3xf32>
    %335 = stablehlo.compare LT, %arg0, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %336 = stablehlo.compare LT, %arg1, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %337 = stablehlo.or %335, %336 : tensor<2x3xi1>
    %338 = stablehlo.compare LT, %arg2, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %339 = stablehlo.or %337, %338 : tensor<2x3xi1>
    %340 = stablehlo.compare GT, %arg2, %17, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %341 = stablehlo.or %339, %340 : tensor<2x3xi1>
    %342 = stablehlo.compare NE, %arg0, %arg0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %343 = stablehlo.or %341, %342 : tensor<2x3xi1>
    %344 = stablehlo.compare NE, %arg1, %arg1, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %345 = stablehlo.or %343, %344 : tensor<2x3xi1>
    %346 = stablehlo.compare NE, %arg2, %arg2, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %347 = stablehlo.or %345, %346 : tensor<2x3xi1>
    %348 = stablehlo.compare EQ, %arg0, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %349 = stablehlo.compare EQ, %arg1, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %350 = stablehlo.and %348, %349 : tensor<2x3xi1>
    %351 = stablehlo.or %347, %350 : tensor<2x3xi1>
    %352 = stablehlo.compare EQ, %arg0, %2, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %353 = stablehlo.compare EQ, %arg1, %2, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %354 = stablehlo.and %352, %353 : tensor<2x3xi1>
    %355 = stablehlo.or %351, %354 : tensor<2x3xi1>
    %356 = stablehlo.and %4, %7 : tensor<2x3xi1>
    %357 = stablehlo.or %355, %356 : tensor<2x3xi1>
    %cst_34 = stablehlo.constant dense<0x7FC00000> : tensor<f32>
    %358 = stablehlo.broadcast_in_dim %cst_34, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %359 = stablehlo.select %357, %358, %334 : tensor<2x3xi1>, tensor<2x3xf32>
    return %359 : tensor<2x3xf32>
  }
}
