module @jib_optimization_barrier {
  func.func public @main(%arg0: tensor<2x3xf32>, %arg1: tensor<2xi32>) -> (tensor<2x3xf32>, tensor<2xi32>) {
    %0:2 = stablehlo.optimization_barrier %arg0, %arg1 : tensor<2x3xf32>, tensor<2xi32>
    return %0#0, %0#1 : tensor<2x3xf32>, tensor<2xi32>
  }
}
