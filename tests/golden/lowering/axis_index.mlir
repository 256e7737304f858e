module @jib_axis_index {
  func.func public @main(%arg0: tensor<3x2xf32>, %arg1: tensor<2xf32>) -> tensor<3x2xf32> {
    %0 = stablehlo.sine %arg0 : tensor<3x2xf32>
    %1 = stablehlo.broadcast_in_dim %arg1, dims = [1] : (tensor<2xf32>) -> tensor<3x2xf32>
    %2 = stablehlo.multiply %0, %1 : tensor<3x2xf32>
    %3 = stablehlo.iota dim = 0 : tensor<3xi32>
    %4 = stablehlo.convert %3 : (tensor<3xi32>) -> tensor<3xf32>
    %5 = stablehlo.broadcast_in_dim %4, dims = [0] : (tensor<3xf32>) -> tensor<3x2xf32>
    %6 = stablehlo.multiply %2, %5 : tensor<3x2xf32>
    return %6 : tensor<3x2xf32>
  }
}
