module @jib_split {
  func.func public @main(%arg0: tensor<5x2xf32>) -> (tensor<2x2xf32>, tensor<0x2xf32>, tensor<3x2xf32>) {
    %0 = stablehlo.slice %arg0 [0:2, 0:2] : (tensor<5x2xf32>) -> tensor<2x2xf32>
    %1 = stablehlo.slice %arg0 [2:2, 0:2] : (tensor<5x2xf32>) -> tensor<0x2xf32>
    %2 = stablehlo.slice %arg0 [2:5, 0:2] : (tensor<5x2xf32>) -> tensor<3x2xf32>
    return %0, %1, %2 : tensor<2x2xf32>, tensor<0x2xf32>, tensor<3x2xf32>
  }
}
