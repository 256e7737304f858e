module @jib_bitcast_convert_type {
  func.func public @main(%arg0: tensor<2x3xf32>) -> tensor<2x3xi32> {
    %0 = stablehlo.bitcast_convert %arg0 : (tensor<2x3xf32>) -> tensor<2x3xi32>
    return %0 : tensor<2x3xi32>
  }
}
