module @jib_name {
  func.func public @main(%arg0: tensor<2x3xf32>, %arg1: tensor<2x3xf32>) -> tensor<2x3xf32> {
    %0 = stablehlo.sine %arg0 : tensor<2x3xf32>
    %1 = stablehlo.sine %0 : tensor<2x3xf32>
    %2 = stablehlo.multiply %1, %arg1 : tensor<2x3xf32>
    return %2 : tensor<2x3xf32>
  }
}
