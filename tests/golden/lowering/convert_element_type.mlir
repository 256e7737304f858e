module @jib_convert_element_type {
  func.func public @main(%arg0: tensor<2x3xf32>) -> tensor<2x3xbf16> {
    %0 = stablehlo.convert %arg0 : (tensor<2x3xf32>) -> tensor<2x3xbf16>
    return %0 : tensor<2x3xbf16>
  }
}
