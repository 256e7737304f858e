module @jib_slice {
  func.func public @main(%arg0: tensor<3x5xf32>) -> tensor<2x3xf32> {
    %0 = stablehlo.slice %arg0 [1:3, 0:5:2] : (tensor<3x5xf32>) -> tensor<2x3xf32>
    return %0 : tensor<2x3xf32>
  }
}
