module @jib_cumlogsumexp {
  func.func public @main(%arg0: tensor<2x4xf32>) -> tensor<2x4xf32> {
    %0 = stablehlo.transpose %arg0, dims = [1, 0] : (tensor<2x4xf32>) -> tensor<4x2xf32>
    %cst = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %1 = stablehlo.pad %0, %cst, low = [1, 0], high = [-1, 0], interior = [0, 0] : (tensor<4x2xf32>, tensor<f32>) -> tensor<4x2xf32>
    %2 = stablehlo.maximum %1, %0 : tensor<4x2xf32>
    %3 = stablehlo.subtract %1, %0 : tensor<4x2xf32>
    %4 = stablehlo.abs %3 : tensor<4x2xf32>
    %5 = stablehlo.negate %4 : tensor<4x2xf32>
    %6 = stablehlo.exponential %5 : tensor<4x2xf32>
    %7 = stablehlo.log_plus_one %6 : tensor<4x2xf32>
    %8 = stablehlo.add %2, %7 : tensor<4x2xf32>
    %9 = stablehlo.compare NE, %3, %3, FLOAT : (tensor<4x2xf32>, tensor<4x2xf32>) -> tensor<4x2xi1>
    %10 = stablehlo.add %1, %0 : tensor<4x2xf32>
    %11 = stablehlo.select %9, %10, %8 : tensor<4x2xi1>, tensor<4x2xf32>
    %12 = stablehlo.pad %11, %cst, low = [2, 0], high = [-2, 0], interior = [0, 0] : (tensor<4x2xf32>, tensor<f32>) -> tensor<4x2xf32>
    %13 = stablehlo.maximum %12, %11 : tensor<4x2xf32>
    %14 = stablehlo.subtract %12, %11 : tensor<4x2xf32>
    %15 = stablehlo.abs %14 : tensor<4x2xf32>
    %16 = stablehlo.negate %15 : tensor<4x2xf32>
    %17 = stablehlo.exponential %16 : tensor<4x2xf32>
    %18 = stablehlo.log_plus_one %17 : tensor<4x2xf32>
    %19 = stablehlo.add %13, %18 : tensor<4x2xf32>
    %20 = stablehlo.compare NE, %14, %14, FLOAT : (tensor<4x2xf32>, tensor<4x2xf32>) -> tensor<4x2xi1>
    %21 = stablehlo.add %12, %11 : tensor<4x2xf32>
    %22 = stablehlo.select %20, %21, %19 : tensor<4x2xi1>, tensor<4x2xf32>
    %23 = stablehlo.transpose %22, dims = [1, 0] : (tensor<4x2xf32>) -> tensor<2x4xf32>
    return %23 : tensor<2x4xf32>
  }
}
