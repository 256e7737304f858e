module @jib_solve {
  func.func public @main(%arg0: tensor<3x3xf32>, %arg1: tensor<3x2xf32>) -> tensor<3x2xf32> {
    %0:3 = stablehlo.custom_call @lapack_sgetrf_ffi(%arg0) {api_version = 4 : i32, backend_config = {}, operand_layouts = [dense<[0, 1]> : tensor<2xindex>], output_operand_aliases = [#stablehlo.output_operand_alias<output_tuple_indices = [0], operand_index = 0, operand_tuple_indices = []>], result_layouts = [dense<[0, 1]> : tensor<2xindex>, dense<0> : tensor<1xindex>, dense<> : tensor<0xindex>]} : (tensor<3x3xf32>) -> (tensor<3x3xf32>, tensor<3xi32>, tensor<i32>)
    %c = stablehlo.constant dense<1> : tensor<i32>
    %1 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<i32>) -> tensor<3xi32>
    %2 = stablehlo.subtract %0#1, %1 : tensor<3xi32>
    %3 = stablehlo.iota dim = 0 : tensor<3xi32>
    %c_0 = stablehlo.constant dense<0> : tensor<i32>
    %4:3 = stablehlo.while(%iterArg = %c_0, %iterArg_1 = %c_0, %iterArg_2 = %3) : tensor<i32>, tensor<i32>, tensor<3xi32>
    cond {
      %c_3 = stablehlo.constant dense<3> : tensor<i32>
      %10 = stablehlo.compare LT, %iterArg, %c_3 : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %10 : tensor<i1>
    } do {
      %c_3 = stablehlo.constant dense<1> : tensor<i32>
      %10 = stablehlo.add %iterArg_1, %c_3 : tensor<i32>
      %c_4 = stablehlo.constant dense<0> : tensor<i32>
      %11 = stablehlo.compare LT, %iterArg_1, %c_4, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      %c_5 = stablehlo.constant dense<3> : tensor<i32>
      %12 = stablehlo.add %iterArg_1, %c_5 : tensor<i32>
      %13 = stablehlo.select %11, %12, %iterArg_1 : tensor<i1>, tensor<i32>
      %14 = stablehlo.dynamic_slice %2, %13, sizes = [1] : (tensor<3xi32>, tensor<i32>) -> tensor<1xi32>
      %15 = stablehlo.compare LT, %iterArg_1, %c_4, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      %16 = stablehlo.add %iterArg_1, %c_5 : tensor<i32>
      %17 = stablehlo.select %15, %16, %iterArg_1 : tensor<i1>, tensor<i32>
      %18 = stablehlo.dynamic_slice %iterArg_2, %17, sizes = [1] : (tensor<3xi32>, tensor<i32>) -> tensor<1xi32>
      %19 = stablehlo.reshape %14 : (tensor<1xi32>) -> tensor<1x1xi32>
      %20 = "stablehlo.gather"(%iterArg_2, %19) <{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, indices_are_sorted = false, slice_sizes = array<i64: 1>}> : (tensor<3xi32>, tensor<1x1xi32>) -> tensor<1xi32>
      %21 = stablehlo.broadcast_in_dim %14, dims = [0] : (tensor<1xi32>) -> tensor<3xi32>
      %22 = stablehlo.broadcast_in_dim %18, dims = [0] : (tensor<1xi32>) -> tensor<3xi32>
      %23 = stablehlo.broadcast_in_dim %20, dims = [0] : (tensor<1xi32>) -> tensor<3xi32>
      %24 = stablehlo.compare EQ, %3, %21, SIGNED : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi1>
      %25 = stablehlo.select %24, %22, %iterArg_2 : tensor<3xi1>, tensor<3xi32>
      %26 = stablehlo.broadcast_in_dim %iterArg_1, dims = [] : (tensor<i32>) -> tensor<3xi32>
      %27 = stablehlo.compare EQ, %3, %26, SIGNED : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi1>
      %28 = stablehlo.select %27, %23, %25 : tensor<3xi1>, tensor<3xi32>
      %29 = stablehlo.add %iterArg, %c_3 : tensor<i32>
      stablehlo.return %29, %10, %28 : tensor<i32>, tensor<i32>, tensor<3xi32>
    }
    %5 = stablehlo.broadcast_in_dim %4#2, dims = [0] : (tensor<3xi32>) -> tensor<3x2xi32>
    %6 = stablehlo.reshape %5 : (tensor<3x2xi32>) -> tensor<3x2x1xi32>
    %7 = "stablehlo.gather"(%arg1, %6) <{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0], operand_batching_dims = [1], start_indices_batching_dims = [1], start_index_map = [0], index_vector_dim = 2>, indices_are_sorted = false, slice_sizes = array<i64: 1, 1>}> : (tensor<3x2xf32>, tensor<3x2x1xi32>) -> tensor<3x2xf32>
    %8 = stablehlo.custom_call @lapack_strsm_ffi(%0#0, %7) {api_version = 4 : i32, backend_config = {diag = 85 : ui8, side = 76 : ui8, trans_x = 78 : ui8, uplo = 76 : ui8}, operand_layouts = [dense<[0, 1]> : tensor<2xindex>, dense<[0, 1]> : tensor<2xindex>], output_operand_aliases = [#stablehlo.output_operand_alias<output_tuple_indices = [], operand_index = 1, operand_tuple_indices = []>], result_layouts = [dense<[0, 1]> : tensor<2xindex>]} : (tensor<3x3xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
    %9 = stablehlo.custom_call @lapack_strsm_ffi(%0#0, %8) {api_version = 4 : i32, backend_config = {diag = 78 : ui8, side = 76 : ui8, trans_x = 78 : ui8, uplo = 85 : ui8}, operand_layouts = [dense<[0, 1]> : tensor<2xindex>, dense<[0, 1]> : tensor<2xindex>], output_operand_aliases = [#stablehlo.output_operand_alias<output_tuple_indices = [], operand_index = 1, operand_tuple_indices = []>], result_layouts = [dense<[0, 1]> : tensor<2xindex>]} : (tensor<3x3xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
    return %9 : tensor<3x2xf32>
  }
}
