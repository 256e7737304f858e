module @jib_scatter_apply {
  func.func public @main(%arg0: tensor<4x3xf32>, %arg1: tensor<3x1xi32>) -> tensor<4x3xf32> {
    %0 = "stablehlo.gather"(%arg0, %arg1) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, indices_are_sorted = false, slice_sizes = array<i64: 1, 3>}> : (tensor<4x3xf32>, tensor<3x1xi32>) -> tensor<3x3xf32>
    %1 = stablehlo.reshape %0 : (tensor<3x3xf32>) -> tensor<9xf32>
    %c = stablehlo.constant dense<1> : tensor<i32>
    %2 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<i32>) -> tensor<3x3xi32>
    %c_0 = stablehlo.constant dense<0> : tensor<i32>
    %3 = stablehlo.broadcast_in_dim %c_0, dims = [] : (tensor<i32>) -> tensor<4x3xi32>
    %4 = "stablehlo.scatter"(%3, %arg1, %2) <{indices_are_sorted = false, scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [1], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>, unique_indices = false}> ({
    ^bb0(%arg2: tensor<i32>, %arg3: tensor<i32>):
      %12 = stablehlo.add %arg2, %arg3 : tensor<i32>
      stablehlo.return %12 : tensor<i32>
    }) : (tensor<4x3xi32>, tensor<3x1xi32>, tensor<3x3xi32>) -> tensor<4x3xi32>
    %5 = "stablehlo.gather"(%4, %arg1) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, indices_are_sorted = false, slice_sizes = array<i64: 1, 3>}> : (tensor<4x3xi32>, tensor<3x1xi32>) -> tensor<3x3xi32>
    %6 = stablehlo.reshape %5 : (tensor<3x3xi32>) -> tensor<9xi32>
    %c_1 = stablehlo.constant dense<-2147483648> : tensor<i32>
    %7 = stablehlo.reduce(%6 init: %c_1) applies stablehlo.maximum across dimensions = [0] : (tensor<9xi32>, tensor<i32>) -> tensor<i32>
    %8 = stablehlo.broadcast_in_dim %c_0, dims = [] : (tensor<i32>) -> tensor<i32>
    %9:2 = stablehlo.while(%iterArg = %8, %iterArg_2 = %1) : tensor<i32>, tensor<9xf32>
    cond {
      %12 = stablehlo.compare LT, %iterArg, %7, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %12 : tensor<i1>
    } do {
      %12 = stablehlo.broadcast_in_dim %iterArg, dims = [] : (tensor<i32>) -> tensor<9xi32>
      %13 = stablehlo.compare GT, %6, %12, SIGNED : (tensor<9xi32>, tensor<9xi32>) -> tensor<9xi1>
      %14 = stablehlo.sine %iterArg_2 : tensor<9xf32>
      %15 = stablehlo.select %13, %14, %iterArg_2 : tensor<9xi1>, tensor<9xf32>
      %c_3 = stablehlo.constant dense<1> : tensor<i32>
      %16 = stablehlo.add %iterArg, %c_3 : tensor<i32>
      stablehlo.return %16, %15 : tensor<i32>, tensor<9xf32>
    }
    %10 = stablehlo.reshape %9#1 : (tensor<9xf32>) -> tensor<3x3xf32>
    %11 = "stablehlo.scatter"(%arg0, %arg1, %10) <{indices_are_sorted = false, scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [1], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>, unique_indices = false}> ({
    ^bb0(%arg2: tensor<f32>, %arg3: tensor<f32>):
      stablehlo.return %arg3 : tensor<f32>
    }) : (tensor<4x3xf32>, tensor<3x1xi32>, tensor<3x3xf32>) -> tensor<4x3xf32>
    return %11 : tensor<4x3xf32>
  }
}
