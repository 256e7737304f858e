module @jib_ppermute {
  func.func public @main(%arg0: tensor<3x2xf32>, %arg1: tensor<2xf32>) -> tensor<3x2xf32> {
    %0 = stablehlo.sine %arg0 : tensor<3x2xf32>
    %1 = stablehlo.broadcast_in_dim %arg1, dims = [1] : (tensor<2xf32>) -> tensor<3x2xf32>
    %2 = stablehlo.multiply %0, %1 : tensor<3x2xf32>
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %3 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<1x2xf32>
    %4 = stablehlo.slice %2 [0:1, 0:2] : (tensor<3x2xf32>) -> tensor<1x2xf32>
    %5 = stablehlo.slice %2 [1:2, 0:2] : (tensor<3x2xf32>) -> tensor<1x2xf32>
    %6 = stablehlo.concatenate %3, %4, %5, dim = 0 : (tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<3x2xf32>
    return %6 : tensor<3x2xf32>
  }
}
