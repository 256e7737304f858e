module @jib_all_gather {
  func.func public @main(%arg0: tensor<3x2xf32>, %arg1: tensor<2xf32>) -> tensor<3x3x2xf32> {
    %0 = stablehlo.sine %arg0 : tensor<3x2xf32>
    %1 = stablehlo.broadcast_in_dim %arg1, dims = [1] : (tensor<2xf32>) -> tensor<3x2xf32>
    %2 = stablehlo.multiply %0, %1 : tensor<3x2xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 2] : (tensor<3x2xf32>) -> tensor<3x1x2xf32>
    %4 = stablehlo.reshape %3 : (tensor<3x1x2xf32>) -> tensor<3x2xf32>
    %5 = stablehlo.broadcast_in_dim %4, dims = [1, 2] : (tensor<3x2xf32>) -> tensor<3x3x2xf32>
    return %5 : tensor<3x3x2xf32>
  }
}
