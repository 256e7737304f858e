module @jib_scan {
  func.func public @main(%arg0: tensor<2xf32>, %arg1: tensor<2xf32>, %arg2: tensor<3x2xf32>) -> (tensor<i32>, tensor<2xf32>, tensor<3x2xf32>) {
    %c = stablehlo.constant dense<0> : tensor<i32>
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<3x2xf32>
    %c_0 = stablehlo.constant dense<0> : tensor<i32>
    %0:4 = stablehlo.while(%iterArg = %c_0, %iterArg_1 = %c, %iterArg_2 = %arg1, %iterArg_3 = %cst) : tensor<i32>, tensor<i32>, tensor<2xf32>, tensor<3x2xf32>
    cond {
      %c_4 = stablehlo.constant dense<3> : tensor<i32>
      %1 = stablehlo.compare LT, %iterArg, %c_4 : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %1 : tensor<i1>
    } do {
      %c_4 = stablehlo.constant dense<0> : tensor<i32>
      %1 = stablehlo.dynamic_slice %arg2, %iterArg, %c_4, sizes = [1, 2] : (tensor<3x2xf32>, tensor<i32>, tensor<i32>) -> tensor<1x2xf32>
      %2 = stablehlo.reshape %1 : (tensor<1x2xf32>) -> tensor<2xf32>
      %3 = stablehlo.multiply %arg0, %iterArg_2 : tensor<2xf32>
      %4 = stablehlo.add %3, %2 : tensor<2xf32>
      %5 = stablehlo.sine %4 : tensor<2xf32>
      %c_5 = stablehlo.constant dense<1> : tensor<i32>
      %6 = stablehlo.add %iterArg_1, %c_5 : tensor<i32>
      %7 = stablehlo.multiply %5, %2 : tensor<2xf32>
      %8 = stablehlo.reshape %7 : (tensor<2xf32>) -> tensor<1x2xf32>
      %9 = stablehlo.dynamic_update_slice %iterArg_3, %8, %iterArg, %c_4 : (tensor<3x2xf32>, tensor<1x2xf32>, tensor<i32>, tensor<i32>) -> tensor<3x2xf32>
      %c_6 = stablehlo.constant dense<1> : tensor<i32>
      %10 = stablehlo.add %iterArg, %c_6 : tensor<i32>
      stablehlo.return %10, %6, %5, %9 : tensor<i32>, tensor<i32>, tensor<2xf32>, tensor<3x2xf32>
    }
    return %0#1, %0#2, %0#3 : tensor<i32>, tensor<2xf32>, tensor<3x2xf32>
  }
}
