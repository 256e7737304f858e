module @jib_psum_scatter {
  func.func public @main(%arg0: tensor<3x3x2xf32>, %arg1: tensor<3x2xf32>) -> tensor<3x2xf32> {
    %0 = stablehlo.sine %arg0 : tensor<3x3x2xf32>
    %1 = stablehlo.broadcast_in_dim %arg1, dims = [1, 2] : (tensor<3x2xf32>) -> tensor<3x3x2xf32>
    %2 = stablehlo.multiply %0, %1 : tensor<3x3x2xf32>
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %3 = stablehlo.reduce(%2 init: %cst) applies stablehlo.add across dimensions = [0] : (tensor<3x3x2xf32>, tensor<f32>) -> tensor<3x2xf32>
    %4 = stablehlo.reshape %3 : (tensor<3x2xf32>) -> tensor<3x1x2xf32>
    %5 = stablehlo.reshape %4 : (tensor<3x1x2xf32>) -> tensor<3x2xf32>
    return %5 : tensor<3x2xf32>
  }
}
