module @jib_sort {
  func.func public @main(%arg0: tensor<2x5xf32>) -> tensor<2x5xf32> {
    %0 = stablehlo.compare NE, %arg0, %arg0, FLOAT : (tensor<2x5xf32>, tensor<2x5xf32>) -> tensor<2x5xi1>
    %cst = stablehlo.constant dense<0x7FC00000> : tensor<f32>
    %1 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<2x5xf32>
    %2 = stablehlo.select %0, %1, %arg0 : tensor<2x5xi1>, tensor<2x5xf32>
    %3 = stablehlo.bitcast_convert %2 : (tensor<2x5xf32>) -> tensor<2x5xi32>
    %c = stablehlo.constant dense<31> : tensor<i32>
    %4 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<i32>) -> tensor<2x5xi32>
    %5 = stablehlo.shift_right_arithmetic %3, %4 : tensor<2x5xi32>
    %c_0 = stablehlo.constant dense<2147483647> : tensor<i32>
    %6 = stablehlo.broadcast_in_dim %c_0, dims = [] : (tensor<i32>) -> tensor<2x5xi32>
    %7 = stablehlo.and %5, %6 : tensor<2x5xi32>
    %8 = stablehlo.xor %3, %7 : tensor<2x5xi32>
    %9 = "stablehlo.sort"(%8) <{dimension = 1 : i64, is_stable = false}> ({
    ^bb0(%arg1: tensor<i32>, %arg2: tensor<i32>):
      %14 = stablehlo.compare LT, %arg1, %arg2, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %14 : tensor<i1>
    }) : (tensor<2x5xi32>) -> tensor<2x5xi32>
    %10 = stablehlo.shift_right_arithmetic %9, %4 : tensor<2x5xi32>
    %11 = stablehlo.and %10, %6 : tensor<2x5xi32>
    %12 = stablehlo.xor %9, %11 : tensor<2x5xi32>
    %13 = stablehlo.bitcast_convert %12 : (tensor<2x5xi32>) -> tensor<2x5xf32>
    return %13 : tensor<2x5xf32>
  }
}
