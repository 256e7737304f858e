module @jib_solve {
  func.func public @main(%arg0: tensor<3x3xf32>, %arg1: tensor<3x2xf32>) -> tensor<3x2xf32> {
    %0:3 = stablehlo.custom_call @lapack_sgetrf_ffi(%arg0) {api_version = 4 : i32, backend_config = {}, operand_layouts = [dense<[0, 1]> : tensor<2xindex>], output_operand_aliases = [#stablehlo.output_operand_alias<output_tuple_indices = [0], operand_index = 0, operand_tuple_indices = []>], result_layouts = [dense<[0, 1]> : tensor<2xindex>, dense<0> : tensor<1xindex>, dense<> : tensor<0xindex>]} : (tensor<3x3xf32>) -> (tensor<3x3xf32>, tensor<3xi32>, tensor<i32>)
    %c = stablehlo.constant dense<1> : tensor<3xi32>
    %1 = stablehlo.subtract %0#1, %c : tensor<3xi32>
    %2 = stablehlo.iota dim = 0 : tensor<3xi32>
    %c_0 = stablehlo.constant dense<0> : tensor<i32>
    %3:3 = stablehlo.while(%iterArg = %c_0, %iterArg_1 = %c_0, %iterArg_2 = %2) : tensor<i32>, tensor<i32>, tensor<3xi32>
    cond {
      %c_3 = stablehlo.constant dense<3> : tensor<i32>
      %9 = stablehlo.compare LT, %iterArg, %c_3 : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %9 : tensor<i1>
    } do {
      %c_3 = stablehlo.constant dense<1> : tensor<i32>
      %9 = stablehlo.add %iterArg_1, %c_3 : tensor<i32>
      %c_4 = stablehlo.constant dense<0> : tensor<i32>
      %10 = stablehlo.compare LT, %iterArg_1, %c_4, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      %c_5 = stablehlo.constant dense<3> : tensor<i32>
      %11 = stablehlo.add %iterArg_1, %c_5 : tensor<i32>
      %12 = stablehlo.select %10, %11, %iterArg_1 : tensor<i1>, tensor<i32>
      %13 = stablehlo.dynamic_slice %1, %12, sizes = [1] : (tensor<3xi32>, tensor<i32>) -> tensor<1xi32>
      %14 = stablehlo.compare LT, %iterArg_1, %c_4, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      %15 = stablehlo.add %iterArg_1, %c_5 : tensor<i32>
      %16 = stablehlo.select %14, %15, %iterArg_1 : tensor<i1>, tensor<i32>
      %17 = stablehlo.dynamic_slice %iterArg_2, %16, sizes = [1] : (tensor<3xi32>, tensor<i32>) -> tensor<1xi32>
      %18 = stablehlo.reshape %13 : (tensor<1xi32>) -> tensor<1x1xi32>
      %19 = "stablehlo.gather"(%iterArg_2, %18) <{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, indices_are_sorted = false, slice_sizes = array<i64: 1>}> : (tensor<3xi32>, tensor<1x1xi32>) -> tensor<1xi32>
      %20 = stablehlo.broadcast_in_dim %13, dims = [0] : (tensor<1xi32>) -> tensor<3xi32>
      %21 = stablehlo.broadcast_in_dim %17, dims = [0] : (tensor<1xi32>) -> tensor<3xi32>
      %22 = stablehlo.broadcast_in_dim %19, dims = [0] : (tensor<1xi32>) -> tensor<3xi32>
      %23 = stablehlo.compare EQ, %2, %20, SIGNED : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi1>
      %24 = stablehlo.select %23, %21, %iterArg_2 : tensor<3xi1>, tensor<3xi32>
      %25 = stablehlo.broadcast_in_dim %iterArg_1, dims = [] : (tensor<i32>) -> tensor<3xi32>
      %26 = stablehlo.compare EQ, %2, %25, SIGNED : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi1>
      %27 = stablehlo.select %26, %22, %24 : tensor<3xi1>, tensor<3xi32>
      %28 = stablehlo.add %iterArg, %c_3 : tensor<i32>
      stablehlo.return %28, %9, %27 : tensor<i32>, tensor<i32>, tensor<3xi32>
    }
    %4 = stablehlo.broadcast_in_dim %3#2, dims = [0] : (tensor<3xi32>) -> tensor<3x2xi32>
    %5 = stablehlo.reshape %4 : (tensor<3x2xi32>) -> tensor<3x2x1xi32>
    %6 = "stablehlo.gather"(%arg1, %5) <{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0], operand_batching_dims = [1], start_indices_batching_dims = [1], start_index_map = [0], index_vector_dim = 2>, indices_are_sorted = false, slice_sizes = array<i64: 1, 1>}> : (tensor<3x2xf32>, tensor<3x2x1xi32>) -> tensor<3x2xf32>
    %7 = "stablehlo.triangular_solve"(%0#0, %6) <{left_side = true, lower = true, transpose_a = #stablehlo<transpose NO_TRANSPOSE>, unit_diagonal = true}> : (tensor<3x3xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
    %8 = "stablehlo.triangular_solve"(%0#0, %7) <{left_side = true, lower = false, transpose_a = #stablehlo<transpose NO_TRANSPOSE>, unit_diagonal = false}> : (tensor<3x3xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
    return %8 : tensor<3x2xf32>
  }
}
