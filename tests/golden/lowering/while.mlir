module @jib_while {
  func.func public @main(%arg0: tensor<3xf32>, %arg1: tensor<f32>) -> (tensor<f32>, tensor<3xf32>) {
    %cst = stablehlo.constant dense<2.500000e-01> : tensor<f32>
    %0 = stablehlo.multiply %arg1, %cst : tensor<f32>
    %1:2 = stablehlo.while(%iterArg = %0, %iterArg_0 = %arg0) : tensor<f32>, tensor<3xf32>
    cond {
      %2 = stablehlo.compare LT, %iterArg, %arg1, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
      stablehlo.return %2 : tensor<i1>
    } do {
      %cst_1 = stablehlo.constant dense<1.500000e+00> : tensor<f32>
      %2 = stablehlo.multiply %iterArg, %cst_1 : tensor<f32>
      %3 = stablehlo.sine %iterArg_0 : tensor<3xf32>
      %4 = stablehlo.multiply %3, %iterArg_0 : tensor<3xf32>
      stablehlo.return %2, %4 : tensor<f32>, tensor<3xf32>
    }
    return %1#0, %1#1 : tensor<f32>, tensor<3xf32>
  }
}
