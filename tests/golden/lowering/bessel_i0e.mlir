module @jib_bessel_i0e {
  func.func public @main(%arg0: tensor<2x3xf32>) -> tensor<2x3xf32> {
    %0 = stablehlo.abs %arg0 : tensor<2x3xf32>
    %cst = stablehlo.constant dense<4.000000e+00> : tensor<f32>
    %1 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %2 = stablehlo.divide %0, %1 : tensor<2x3xf32>
    %cst_0 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %3 = stablehlo.broadcast_in_dim %cst_0, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %4 = stablehlo.subtract %2, %3 : tensor<2x3xf32>
    %cst_1 = stablehlo.constant dense<2.000000e+00> : tensor<f32>
    %5 = stablehlo.broadcast_in_dim %cst_1, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %6 = stablehlo.multiply %5, %4 : tensor<2x3xf32>
    %cst_2 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %7 = stablehlo.broadcast_in_dim %cst_2, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %8 = stablehlo.multiply %6, %7 : tensor<2x3xf32>
    %9 = stablehlo.subtract %8, %7 : tensor<2x3xf32>
    %cst_3 = stablehlo.constant dense<-1.46746415E-15> : tensor<f32>
    %10 = stablehlo.broadcast_in_dim %cst_3, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %11 = stablehlo.add %9, %10 : tensor<2x3xf32>
    %12 = stablehlo.multiply %6, %11 : tensor<2x3xf32>
    %13 = stablehlo.subtract %12, %7 : tensor<2x3xf32>
    %cst_4 = stablehlo.constant dense<1.09365919E-15> : tensor<f32>
    %14 = stablehlo.broadcast_in_dim %cst_4, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %15 = stablehlo.add %13, %14 : tensor<2x3xf32>
    %16 = stablehlo.multiply %6, %15 : tensor<2x3xf32>
    %17 = stablehlo.subtract %16, %11 : tensor<2x3xf32>
    %cst_5 = stablehlo.constant dense<-1.35062209E-15> : tensor<f32>
    %18 = stablehlo.broadcast_in_dim %cst_5, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %19 = stablehlo.add %17, %18 : tensor<2x3xf32>
    %20 = stablehlo.multiply %6, %19 : tensor<2x3xf32>
    %21 = stablehlo.subtract %20, %15 : tensor<2x3xf32>
    %cst_6 = stablehlo.constant dense<7.99539651E-16> : tensor<f32>
    %22 = stablehlo.broadcast_in_dim %cst_6, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %23 = stablehlo.add %21, %22 : tensor<2x3xf32>
    %24 = stablehlo.multiply %6, %23 : tensor<2x3xf32>
    %25 = stablehlo.subtract %24, %19 : tensor<2x3xf32>
    %cst_7 = stablehlo.constant dense<3.18741436E-16> : tensor<f32>
    %26 = stablehlo.broadcast_in_dim %cst_7, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %27 = stablehlo.add %25, %26 : tensor<2x3xf32>
    %28 = stablehlo.multiply %6, %27 : tensor<2x3xf32>
    %29 = stablehlo.subtract %28, %23 : tensor<2x3xf32>
    %cst_8 = stablehlo.constant dense<-1.06312808E-14> : tensor<f32>
    %30 = stablehlo.broadcast_in_dim %cst_8, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %31 = stablehlo.add %29, %30 : tensor<2x3xf32>
    %32 = stablehlo.multiply %6, %31 : tensor<2x3xf32>
    %33 = stablehlo.subtract %32, %27 : tensor<2x3xf32>
    %cst_9 = stablehlo.constant dense<7.53420628E-14> : tensor<f32>
    %34 = stablehlo.broadcast_in_dim %cst_9, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %35 = stablehlo.add %33, %34 : tensor<2x3xf32>
    %36 = stablehlo.multiply %6, %35 : tensor<2x3xf32>
    %37 = stablehlo.subtract %36, %31 : tensor<2x3xf32>
    %cst_10 = stablehlo.constant dense<-4.84667428E-13> : tensor<f32>
    %38 = stablehlo.broadcast_in_dim %cst_10, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %39 = stablehlo.add %37, %38 : tensor<2x3xf32>
    %40 = stablehlo.multiply %6, %39 : tensor<2x3xf32>
    %41 = stablehlo.subtract %40, %35 : tensor<2x3xf32>
    %cst_11 = stablehlo.constant dense<2.95388301E-12> : tensor<f32>
    %42 = stablehlo.broadcast_in_dim %cst_11, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %43 = stablehlo.add %41, %42 : tensor<2x3xf32>
    %44 = stablehlo.multiply %6, %43 : tensor<2x3xf32>
    %45 = stablehlo.subtract %44, %39 : tensor<2x3xf32>
    %cst_12 = stablehlo.constant dense<-1.72674514E-11> : tensor<f32>
    %46 = stablehlo.broadcast_in_dim %cst_12, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %47 = stablehlo.add %45, %46 : tensor<2x3xf32>
    %48 = stablehlo.multiply %6, %47 : tensor<2x3xf32>
    %49 = stablehlo.subtract %48, %43 : tensor<2x3xf32>
    %cst_13 = stablehlo.constant dense<9.67571439E-11> : tensor<f32>
    %50 = stablehlo.broadcast_in_dim %cst_13, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %51 = stablehlo.add %49, %50 : tensor<2x3xf32>
    %52 = stablehlo.multiply %6, %51 : tensor<2x3xf32>
    %53 = stablehlo.subtract %52, %47 : tensor<2x3xf32>
    %cst_14 = stablehlo.constant dense<-5.1897886E-10> : tensor<f32>
    %54 = stablehlo.broadcast_in_dim %cst_14, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %55 = stablehlo.add %53, %54 : tensor<2x3xf32>
    %56 = stablehlo.multiply %6, %55 : tensor<2x3xf32>
    %57 = stablehlo.subtract %56, %51 : tensor<2x3xf32>
    %cst_15 = stablehlo.constant dense<2.65982281E-9> : tensor<f32>
    %58 = stablehlo.broadcast_in_dim %cst_15, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %59 = stablehlo.add %57, %58 : tensor<2x3xf32>
    %60 = stablehlo.multiply %6, %59 : tensor<2x3xf32>
    %61 = stablehlo.subtract %60, %55 : tensor<2x3xf32>
    %cst_16 = stablehlo.constant dense<-1.30002498E-8> : tensor<f32>
    %62 = stablehlo.broadcast_in_dim %cst_16, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %63 = stablehlo.add %61, %62 : tensor<2x3xf32>
    %64 = stablehlo.multiply %6, %63 : tensor<2x3xf32>
    %65 = stablehlo.subtract %64, %59 : tensor<2x3xf32>
    %cst_17 = stablehlo.constant dense<6.04699508E-8> : tensor<f32>
    %66 = stablehlo.broadcast_in_dim %cst_17, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %67 = stablehlo.add %65, %66 : tensor<2x3xf32>
    %68 = stablehlo.multiply %6, %67 : tensor<2x3xf32>
    %69 = stablehlo.subtract %68, %63 : tensor<2x3xf32>
    %cst_18 = stablehlo.constant dense<-2.67079372E-7> : tensor<f32>
    %70 = stablehlo.broadcast_in_dim %cst_18, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %71 = stablehlo.add %69, %70 : tensor<2x3xf32>
    %72 = stablehlo.multiply %6, %71 : tensor<2x3xf32>
    %73 = stablehlo.subtract %72, %67 : tensor<2x3xf32>
    %cst_19 = stablehlo.constant dense<1.11738757E-6> : tensor<f32>
    %74 = stablehlo.broadcast_in_dim %cst_19, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %75 = stablehlo.add %73, %74 : tensor<2x3xf32>
    %76 = stablehlo.multiply %6, %75 : tensor<2x3xf32>
    %77 = stablehlo.subtract %76, %71 : tensor<2x3xf32>
    %cst_20 = stablehlo.constant dense<-4.41673819E-6> : tensor<f32>
    %78 = stablehlo.broadcast_in_dim %cst_20, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %79 = stablehlo.add %77, %78 : tensor<2x3xf32>
    %80 = stablehlo.multiply %6, %79 : tensor<2x3xf32>
    %81 = stablehlo.subtract %80, %75 : tensor<2x3xf32>
    %cst_21 = stablehlo.constant dense<1.64484482E-5> : tensor<f32>
    %82 = stablehlo.broadcast_in_dim %cst_21, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %83 = stablehlo.add %81, %82 : tensor<2x3xf32>
    %84 = stablehlo.multiply %6, %83 : tensor<2x3xf32>
    %85 = stablehlo.subtract %84, %79 : tensor<2x3xf32>
    %cst_22 = stablehlo.constant dense<-5.75419508E-5> : tensor<f32>
    %86 = stablehlo.broadcast_in_dim %cst_22, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %87 = stablehlo.add %85, %86 : tensor<2x3xf32>
    %88 = stablehlo.multiply %6, %87 : tensor<2x3xf32>
    %89 = stablehlo.subtract %88, %83 : tensor<2x3xf32>
    %cst_23 = stablehlo.constant dense<1.88502891E-4> : tensor<f32>
    %90 = stablehlo.broadcast_in_dim %cst_23, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %91 = stablehlo.add %89, %90 : tensor<2x3xf32>
    %92 = stablehlo.multiply %6, %91 : tensor<2x3xf32>
    %93 = stablehlo.subtract %92, %87 : tensor<2x3xf32>
    %cst_24 = stablehlo.constant dense<-5.76375576E-4> : tensor<f32>
    %94 = stablehlo.broadcast_in_dim %cst_24, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %95 = stablehlo.add %93, %94 : tensor<2x3xf32>
    %96 = stablehlo.multiply %6, %95 : tensor<2x3xf32>
    %97 = stablehlo.subtract %96, %91 : tensor<2x3xf32>
    %cst_25 = stablehlo.constant dense<0.00163947558> : tensor<f32>
    %98 = stablehlo.broadcast_in_dim %cst_25, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %99 = stablehlo.add %97, %98 : tensor<2x3xf32>
    %100 = stablehlo.multiply %6, %99 : tensor<2x3xf32>
    %101 = stablehlo.subtract %100, %95 : tensor<2x3xf32>
    %cst_26 = stablehlo.constant dense<-4.324310e-03> : tensor<f32>
    %102 = stablehlo.broadcast_in_dim %cst_26, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %103 = stablehlo.add %101, %102 : tensor<2x3xf32>
    %104 = stablehlo.multiply %6, %103 : tensor<2x3xf32>
    %105 = stablehlo.subtract %104, %99 : tensor<2x3xf32>
    %cst_27 = stablehlo.constant dense<0.0105464607> : tensor<f32>
    %106 = stablehlo.broadcast_in_dim %cst_27, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %107 = stablehlo.add %105, %106 : tensor<2x3xf32>
    %108 = stablehlo.multiply %6, %107 : tensor<2x3xf32>
    %109 = stablehlo.subtract %108, %103 : tensor<2x3xf32>
    %cst_28 = stablehlo.constant dense<-0.0237374157> : tensor<f32>
    %110 = stablehlo.broadcast_in_dim %cst_28, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %111 = stablehlo.add %109, %110 : tensor<2x3xf32>
    %112 = stablehlo.multiply %6, %111 : tensor<2x3xf32>
    %113 = stablehlo.subtract %112, %107 : tensor<2x3xf32>
    %cst_29 = stablehlo.constant dense<0.0493052825> : tensor<f32>
    %114 = stablehlo.broadcast_in_dim %cst_29, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %115 = stablehlo.add %113, %114 : tensor<2x3xf32>
    %116 = stablehlo.multiply %6, %115 : tensor<2x3xf32>
    %117 = stablehlo.subtract %116, %111 : tensor<2x3xf32>
    %cst_30 = stablehlo.constant dense<-9.490110e-02> : tensor<f32>
    %118 = stablehlo.broadcast_in_dim %cst_30, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %119 = stablehlo.add %117, %118 : tensor<2x3xf32>
    %120 = stablehlo.multiply %6, %119 : tensor<2x3xf32>
    %121 = stablehlo.subtract %120, %115 : tensor<2x3xf32>
    %cst_31 = stablehlo.constant dense<0.171620905> : tensor<f32>
    %122 = stablehlo.broadcast_in_dim %cst_31, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %123 = stablehlo.add %121, %122 : tensor<2x3xf32>
    %124 = stablehlo.multiply %6, %123 : tensor<2x3xf32>
    %125 = stablehlo.subtract %124, %119 : tensor<2x3xf32>
    %cst_32 = stablehlo.constant dense<-0.304682672> : tensor<f32>
    %126 = stablehlo.broadcast_in_dim %cst_32, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %127 = stablehlo.add %125, %126 : tensor<2x3xf32>
    %128 = stablehlo.multiply %4, %127 : tensor<2x3xf32>
    %129 = stablehlo.subtract %128, %123 : tensor<2x3xf32>
    %cst_33 = stablehlo.constant dense<0.338397652> : tensor<f32>
    %130 = stablehlo.broadcast_in_dim %cst_33, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %131 = stablehlo.add %129, %130 : tensor<2x3xf32>
    %cst_34 = stablehlo.constant dense<8.000000e+00> : tensor<f32>
    %132 = stablehlo.broadcast_in_dim %cst_34, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %133 = stablehlo.maximum %0, %132 : tensor<2x3xf32>
    %cst_35 = stablehlo.constant dense<1.600000e+01> : tensor<f32>
    %134 = stablehlo.broadcast_in_dim %cst_35, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %135 = stablehlo.divide %134, %133 : tensor<2x3xf32>
    %136 = stablehlo.subtract %135, %3 : tensor<2x3xf32>
    %137 = stablehlo.multiply %5, %136 : tensor<2x3xf32>
    %138 = stablehlo.broadcast_in_dim %cst_2, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %139 = stablehlo.multiply %137, %138 : tensor<2x3xf32>
    %140 = stablehlo.subtract %139, %138 : tensor<2x3xf32>
    %cst_36 = stablehlo.constant dense<-7.89091764E-16> : tensor<f32>
    %141 = stablehlo.broadcast_in_dim %cst_36, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %142 = stablehlo.add %140, %141 : tensor<2x3xf32>
    %143 = stablehlo.multiply %137, %142 : tensor<2x3xf32>
    %144 = stablehlo.subtract %143, %138 : tensor<2x3xf32>
    %cst_37 = stablehlo.constant dense<1.855350e-16> : tensor<f32>
    %145 = stablehlo.broadcast_in_dim %cst_37, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %146 = stablehlo.add %144, %145 : tensor<2x3xf32>
    %147 = stablehlo.multiply %137, %146 : tensor<2x3xf32>
    %148 = stablehlo.subtract %147, %142 : tensor<2x3xf32>
    %cst_38 = stablehlo.constant dense<-7.83246601E-16> : tensor<f32>
    %149 = stablehlo.broadcast_in_dim %cst_38, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %150 = stablehlo.add %148, %149 : tensor<2x3xf32>
    %151 = stablehlo.multiply %137, %150 : tensor<2x3xf32>
    %152 = stablehlo.subtract %151, %146 : tensor<2x3xf32>
    %cst_39 = stablehlo.constant dense<3.36999523E-16> : tensor<f32>
    %153 = stablehlo.broadcast_in_dim %cst_39, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %154 = stablehlo.add %152, %153 : tensor<2x3xf32>
    %155 = stablehlo.multiply %137, %154 : tensor<2x3xf32>
    %156 = stablehlo.subtract %155, %150 : tensor<2x3xf32>
    %cst_40 = stablehlo.constant dense<-7.53854982E-16> : tensor<f32>
    %157 = stablehlo.broadcast_in_dim %cst_40, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %158 = stablehlo.add %156, %157 : tensor<2x3xf32>
    %159 = stablehlo.multiply %137, %158 : tensor<2x3xf32>
    %160 = stablehlo.subtract %159, %154 : tensor<2x3xf32>
    %cst_41 = stablehlo.constant dense<1.25894361E-16> : tensor<f32>
    %161 = stablehlo.broadcast_in_dim %cst_41, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %162 = stablehlo.add %160, %161 : tensor<2x3xf32>
    %163 = stablehlo.multiply %137, %162 : tensor<2x3xf32>
    %164 = stablehlo.subtract %163, %158 : tensor<2x3xf32>
    %cst_42 = stablehlo.constant dense<1.49523931E-15> : tensor<f32>
    %165 = stablehlo.broadcast_in_dim %cst_42, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %166 = stablehlo.add %164, %165 : tensor<2x3xf32>
    %167 = stablehlo.multiply %137, %166 : tensor<2x3xf32>
    %168 = stablehlo.subtract %167, %162 : tensor<2x3xf32>
    %cst_43 = stablehlo.constant dense<4.4629247E-15> : tensor<f32>
    %169 = stablehlo.broadcast_in_dim %cst_43, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %170 = stablehlo.add %168, %169 : tensor<2x3xf32>
    %171 = stablehlo.multiply %137, %170 : tensor<2x3xf32>
    %172 = stablehlo.subtract %171, %166 : tensor<2x3xf32>
    %cst_44 = stablehlo.constant dense<-9.95595411E-15> : tensor<f32>
    %173 = stablehlo.broadcast_in_dim %cst_44, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %174 = stablehlo.add %172, %173 : tensor<2x3xf32>
    %175 = stablehlo.multiply %137, %174 : tensor<2x3xf32>
    %176 = stablehlo.subtract %175, %170 : tensor<2x3xf32>
    %cst_45 = stablehlo.constant dense<-4.07916058E-14> : tensor<f32>
    %177 = stablehlo.broadcast_in_dim %cst_45, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %178 = stablehlo.add %176, %177 : tensor<2x3xf32>
    %179 = stablehlo.multiply %137, %178 : tensor<2x3xf32>
    %180 = stablehlo.subtract %179, %174 : tensor<2x3xf32>
    %cst_46 = stablehlo.constant dense<1.48477134E-14> : tensor<f32>
    %181 = stablehlo.broadcast_in_dim %cst_46, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %182 = stablehlo.add %180, %181 : tensor<2x3xf32>
    %183 = stablehlo.multiply %137, %182 : tensor<2x3xf32>
    %184 = stablehlo.subtract %183, %178 : tensor<2x3xf32>
    %cst_47 = stablehlo.constant dense<3.86051976E-13> : tensor<f32>
    %185 = stablehlo.broadcast_in_dim %cst_47, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %186 = stablehlo.add %184, %185 : tensor<2x3xf32>
    %187 = stablehlo.multiply %137, %186 : tensor<2x3xf32>
    %188 = stablehlo.subtract %187, %182 : tensor<2x3xf32>
    %cst_48 = stablehlo.constant dense<7.17272379E-13> : tensor<f32>
    %189 = stablehlo.broadcast_in_dim %cst_48, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %190 = stablehlo.add %188, %189 : tensor<2x3xf32>
    %191 = stablehlo.multiply %137, %190 : tensor<2x3xf32>
    %192 = stablehlo.subtract %191, %186 : tensor<2x3xf32>
    %cst_49 = stablehlo.constant dense<-1.79337936E-12> : tensor<f32>
    %193 = stablehlo.broadcast_in_dim %cst_49, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %194 = stablehlo.add %192, %193 : tensor<2x3xf32>
    %195 = stablehlo.multiply %137, %194 : tensor<2x3xf32>
    %196 = stablehlo.subtract %195, %190 : tensor<2x3xf32>
    %cst_50 = stablehlo.constant dense<-1.32165797E-11> : tensor<f32>
    %197 = stablehlo.broadcast_in_dim %cst_50, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %198 = stablehlo.add %196, %197 : tensor<2x3xf32>
    %199 = stablehlo.multiply %137, %198 : tensor<2x3xf32>
    %200 = stablehlo.subtract %199, %194 : tensor<2x3xf32>
    %cst_51 = stablehlo.constant dense<-3.1498245E-11> : tensor<f32>
    %201 = stablehlo.broadcast_in_dim %cst_51, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %202 = stablehlo.add %200, %201 : tensor<2x3xf32>
    %203 = stablehlo.multiply %137, %202 : tensor<2x3xf32>
    %204 = stablehlo.subtract %203, %198 : tensor<2x3xf32>
    %cst_52 = stablehlo.constant dense<1.18882005E-11> : tensor<f32>
    %205 = stablehlo.broadcast_in_dim %cst_52, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %206 = stablehlo.add %204, %205 : tensor<2x3xf32>
    %207 = stablehlo.multiply %137, %206 : tensor<2x3xf32>
    %208 = stablehlo.subtract %207, %202 : tensor<2x3xf32>
    %cst_53 = stablehlo.constant dense<4.94061236E-10> : tensor<f32>
    %209 = stablehlo.broadcast_in_dim %cst_53, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %210 = stablehlo.add %208, %209 : tensor<2x3xf32>
    %211 = stablehlo.multiply %137, %210 : tensor<2x3xf32>
    %212 = stablehlo.subtract %211, %206 : tensor<2x3xf32>
    %cst_54 = stablehlo.constant dense<3.39623107E-9> : tensor<f32>
    %213 = stablehlo.broadcast_in_dim %cst_54, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %214 = stablehlo.add %212, %213 : tensor<2x3xf32>
    %215 = stablehlo.multiply %137, %214 : tensor<2x3xf32>
    %216 = stablehlo.subtract %215, %210 : tensor<2x3xf32>
    %cst_55 = stablehlo.constant dense<2.26666916E-8> : tensor<f32>
    %217 = stablehlo.broadcast_in_dim %cst_55, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %218 = stablehlo.add %216, %217 : tensor<2x3xf32>
    %219 = stablehlo.multiply %137, %218 : tensor<2x3xf32>
    %220 = stablehlo.subtract %219, %214 : tensor<2x3xf32>
    %cst_56 = stablehlo.constant dense<2.04891862E-7> : tensor<f32>
    %221 = stablehlo.broadcast_in_dim %cst_56, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %222 = stablehlo.add %220, %221 : tensor<2x3xf32>
    %223 = stablehlo.multiply %137, %222 : tensor<2x3xf32>
    %224 = stablehlo.subtract %223, %218 : tensor<2x3xf32>
    %cst_57 = stablehlo.constant dense<2.89137051E-6> : tensor<f32>
    %225 = stablehlo.broadcast_in_dim %cst_57, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %226 = stablehlo.add %224, %225 : tensor<2x3xf32>
    %227 = stablehlo.multiply %137, %226 : tensor<2x3xf32>
    %228 = stablehlo.subtract %227, %222 : tensor<2x3xf32>
    %cst_58 = stablehlo.constant dense<6.88975852E-5> : tensor<f32>
    %229 = stablehlo.broadcast_in_dim %cst_58, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %230 = stablehlo.add %228, %229 : tensor<2x3xf32>
    %231 = stablehlo.multiply %137, %230 : tensor<2x3xf32>
    %232 = stablehlo.subtract %231, %226 : tensor<2x3xf32>
    %cst_59 = stablehlo.constant dense<0.00336911646> : tensor<f32>
    %233 = stablehlo.broadcast_in_dim %cst_59, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %234 = stablehlo.add %232, %233 : tensor<2x3xf32>
    %235 = stablehlo.multiply %136, %234 : tensor<2x3xf32>
    %236 = stablehlo.subtract %235, %230 : tensor<2x3xf32>
    %cst_60 = stablehlo.constant dense<0.402245194> : tensor<f32>
    %237 = stablehlo.broadcast_in_dim %cst_60, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %238 = stablehlo.add %236, %237 : tensor<2x3xf32>
    %239 = stablehlo.rsqrt %133 : tensor<2x3xf32>
    %240 = stablehlo.multiply %238, %239 : tensor<2x3xf32>
    %241 = stablehlo.compare LE, %0, %132, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %242 = stablehlo.select %241, %131, %240 : tensor<2x3xi1>, tensor<2x3xf32>
    return %242 : tensor<2x3xf32>
  }
}
