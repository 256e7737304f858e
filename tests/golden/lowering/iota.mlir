module @jib_iota {
  func.func public @main() -> tensor<3x2xi32> {
    %0 = stablehlo.iota dim = 0 : tensor<3x2xi32>
    return %0 : tensor<3x2xi32>
  }
}
