module @jib_all_to_all {
  func.func public @main(%arg0: tensor<3x3x2xf32>, %arg1: tensor<3x2xf32>) -> tensor<3x2x3xf32> {
    %0 = stablehlo.sine %arg0 : tensor<3x3x2xf32>
    %1 = stablehlo.broadcast_in_dim %arg1, dims = [1, 2] : (tensor<3x2xf32>) -> tensor<3x3x2xf32>
    %2 = stablehlo.multiply %0, %1 : tensor<3x3x2xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1, 2] : (tensor<3x3x2xf32>) -> tensor<3x3x2x1xf32>
    %4 = stablehlo.reshape %3 : (tensor<3x3x2x1xf32>) -> tensor<3x3x1x2x1xf32>
    %5 = stablehlo.transpose %4, dims = [1, 0, 2, 3, 4] : (tensor<3x3x1x2x1xf32>) -> tensor<3x3x1x2x1xf32>
    %6 = stablehlo.transpose %5, dims = [0, 2, 3, 1, 4] : (tensor<3x3x1x2x1xf32>) -> tensor<3x1x2x3x1xf32>
    %7 = stablehlo.reshape %6 : (tensor<3x1x2x3x1xf32>) -> tensor<3x1x2x3xf32>
    %8 = stablehlo.reshape %7 : (tensor<3x1x2x3xf32>) -> tensor<3x2x3xf32>
    return %8 : tensor<3x2x3xf32>
  }
}
