module @jib_key_data {
  func.func public @main(%arg0: tensor<3x2xui32>) -> tensor<2x3x2xui32> {
    %0 = stablehlo.transpose %arg0, dims = [1, 0] : (tensor<3x2xui32>) -> tensor<2x3xui32>
    %1 = stablehlo.broadcast_in_dim %0, dims = [0, 2] : (tensor<2x3xui32>) -> tensor<2x2x3xui32>
    %2 = stablehlo.transpose %1, dims = [1, 2, 0] : (tensor<2x2x3xui32>) -> tensor<2x3x2xui32>
    return %2 : tensor<2x3x2xui32>
  }
}
