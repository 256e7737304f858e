module @jib_exp2 {
  func.func public @main(%arg0: tensor<2x3xf32>) -> tensor<2x3xf32> {
    %cst = stablehlo.constant dense<-2.540000e+02> : tensor<f32>
    %cst_0 = stablehlo.constant dense<2.540000e+02> : tensor<f32>
    %0 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %1 = stablehlo.maximum %arg0, %0 : tensor<2x3xf32>
    %2 = stablehlo.broadcast_in_dim %cst_0, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %3 = stablehlo.minimum %1, %2 : tensor<2x3xf32>
    %4 = stablehlo.round_nearest_afz %3 : tensor<2x3xf32>
    %5 = stablehlo.convert %4 : (tensor<2x3xf32>) -> tensor<2x3xi32>
    %c = stablehlo.constant dense<1> : tensor<i32>
    %6 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<i32>) -> tensor<2x3xi32>
    %7 = stablehlo.shift_right_arithmetic %5, %6 : tensor<2x3xi32>
    %8 = stablehlo.subtract %arg0, %4 : tensor<2x3xf32>
    %cst_1 = stablehlo.constant dense<0.693147182> : tensor<f32>
    %9 = stablehlo.broadcast_in_dim %cst_1, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %10 = stablehlo.multiply %8, %9 : tensor<2x3xf32>
    %11 = stablehlo.exponential %10 : tensor<2x3xf32>
    %12 = stablehlo.subtract %5, %7 : tensor<2x3xi32>
    %c_2 = stablehlo.constant dense<127> : tensor<i32>
    %13 = stablehlo.broadcast_in_dim %c_2, dims = [] : (tensor<i32>) -> tensor<2x3xi32>
    %14 = stablehlo.add %7, %13 : tensor<2x3xi32>
    %c_3 = stablehlo.constant dense<23> : tensor<i32>
    %15 = stablehlo.broadcast_in_dim %c_3, dims = [] : (tensor<i32>) -> tensor<2x3xi32>
    %16 = stablehlo.shift_left %14, %15 : tensor<2x3xi32>
    %17 = stablehlo.bitcast_convert %16 : (tensor<2x3xi32>) -> tensor<2x3xf32>
    %18 = stablehlo.multiply %11, %17 : tensor<2x3xf32>
    %19 = stablehlo.add %12, %13 : tensor<2x3xi32>
    %20 = stablehlo.shift_left %19, %15 : tensor<2x3xi32>
    %21 = stablehlo.bitcast_convert %20 : (tensor<2x3xi32>) -> tensor<2x3xf32>
    %22 = stablehlo.multiply %18, %21 : tensor<2x3xf32>
    return %22 : tensor<2x3xf32>
  }
}
