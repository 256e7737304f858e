module @jib_lu_pivots_to_permutation {
  func.func public @main(%arg0: tensor<3xi32>) -> tensor<4xi32> {
    %0 = stablehlo.iota dim = 0 : tensor<4xi32>
    %c = stablehlo.constant dense<0> : tensor<i32>
    %1:3 = stablehlo.while(%iterArg = %c, %iterArg_0 = %c, %iterArg_1 = %0) : tensor<i32>, tensor<i32>, tensor<4xi32>
    cond {
      %c_2 = stablehlo.constant dense<3> : tensor<i32>
      %2 = stablehlo.compare LT, %iterArg, %c_2 : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %2 : tensor<i1>
    } do {
      %c_2 = stablehlo.constant dense<1> : tensor<i32>
      %2 = stablehlo.add %iterArg_0, %c_2 : tensor<i32>
      %c_3 = stablehlo.constant dense<0> : tensor<i32>
      %3 = stablehlo.compare LT, %iterArg_0, %c_3, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      %c_4 = stablehlo.constant dense<3> : tensor<i32>
      %4 = stablehlo.add %iterArg_0, %c_4 : tensor<i32>
      %5 = stablehlo.select %3, %4, %iterArg_0 : tensor<i1>, tensor<i32>
      %6 = stablehlo.dynamic_slice %arg0, %5, sizes = [1] : (tensor<3xi32>, tensor<i32>) -> tensor<1xi32>
      %7 = stablehlo.compare LT, %iterArg_0, %c_3, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      %c_5 = stablehlo.constant dense<4> : tensor<i32>
      %8 = stablehlo.add %iterArg_0, %c_5 : tensor<i32>
      %9 = stablehlo.select %7, %8, %iterArg_0 : tensor<i1>, tensor<i32>
      %10 = stablehlo.dynamic_slice %iterArg_1, %9, sizes = [1] : (tensor<4xi32>, tensor<i32>) -> tensor<1xi32>
      %11 = stablehlo.reshape %6 : (tensor<1xi32>) -> tensor<1x1xi32>
      %12 = "stablehlo.gather"(%iterArg_1, %11) <{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, indices_are_sorted = false, slice_sizes = array<i64: 1>}> : (tensor<4xi32>, tensor<1x1xi32>) -> tensor<1xi32>
      %13 = stablehlo.broadcast_in_dim %6, dims = [0] : (tensor<1xi32>) -> tensor<4xi32>
      %14 = stablehlo.broadcast_in_dim %10, dims = [0] : (tensor<1xi32>) -> tensor<4xi32>
      %15 = stablehlo.broadcast_in_dim %12, dims = [0] : (tensor<1xi32>) -> tensor<4xi32>
      %16 = stablehlo.compare EQ, %0, %13, SIGNED : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi1>
      %17 = stablehlo.select %16, %14, %iterArg_1 : tensor<4xi1>, tensor<4xi32>
      %18 = stablehlo.broadcast_in_dim %iterArg_0, dims = [] : (tensor<i32>) -> tensor<4xi32>
      %19 = stablehlo.compare EQ, %0, %18, SIGNED : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi1>
      %20 = stablehlo.select %19, %15, %17 : tensor<4xi1>, tensor<4xi32>
      %21 = stablehlo.add %iterArg, %c_2 : tensor<i32>
      stablehlo.return %21, %2, %20 : tensor<i32>, tensor<i32>, tensor<4xi32>
    }
    return %1#2 : tensor<4xi32>
  }
}
