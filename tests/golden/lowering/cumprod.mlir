module @jib_cumprod {
  func.func public @main(%arg0: tensor<2x4xf32>) -> tensor<2x4xf32> {
    %0 = stablehlo.transpose %arg0, dims = [1, 0] : (tensor<2x4xf32>) -> tensor<4x2xf32>
    %cst = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %1 = stablehlo.pad %0, %cst, low = [1, 0], high = [-1, 0], interior = [0, 0] : (tensor<4x2xf32>, tensor<f32>) -> tensor<4x2xf32>
    %2 = stablehlo.multiply %1, %0 : tensor<4x2xf32>
    %3 = stablehlo.pad %2, %cst, low = [2, 0], high = [-2, 0], interior = [0, 0] : (tensor<4x2xf32>, tensor<f32>) -> tensor<4x2xf32>
    %4 = stablehlo.multiply %3, %2 : tensor<4x2xf32>
    %5 = stablehlo.transpose %4, dims = [1, 0] : (tensor<4x2xf32>) -> tensor<2x4xf32>
    return %5 : tensor<2x4xf32>
  }
}
