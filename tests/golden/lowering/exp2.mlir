module @jib_exp2 {
  func.func public @main(%arg0: tensor<2x3xf32>) -> tensor<2x3xf32> {
    %cst = stablehlo.constant dense<2.000000e+00> : tensor<f32>
    %0 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %1 = stablehlo.power %0, %arg0 : tensor<2x3xf32>
    return %1 : tensor<2x3xf32>
  }
}
