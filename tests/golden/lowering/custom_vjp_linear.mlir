module @jib_custom_vjp_linear {
  func.func public @main(%arg0: tensor<2x3xf32>, %arg1: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>) {
    %0 = stablehlo.sine %arg0 : tensor<2x3xf32>
    %1 = stablehlo.multiply %0, %arg1 : tensor<2x3xf32>
    %2 = stablehlo.cosine %arg0 : tensor<2x3xf32>
    %3 = stablehlo.multiply %2, %arg1 : tensor<2x3xf32>
    %4 = stablehlo.multiply %1, %3 : tensor<2x3xf32>
    %5 = stablehlo.sine %arg0 : tensor<2x3xf32>
    %6 = stablehlo.multiply %1, %5 : tensor<2x3xf32>
    return %4, %6 : tensor<2x3xf32>, tensor<2x3xf32>
  }
}
