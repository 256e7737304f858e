module @jib_lu {
  func.func public @main(%arg0: tensor<3x3xf32>) -> (tensor<3x3xf32>, tensor<3xi32>, tensor<3xi32>) {
    %0:3 = stablehlo.custom_call @lapack_sgetrf_ffi(%arg0) {api_version = 4 : i32, backend_config = {}, operand_layouts = [dense<[0, 1]> : tensor<2xindex>], output_operand_aliases = [#stablehlo.output_operand_alias<output_tuple_indices = [0], operand_index = 0, operand_tuple_indices = []>], result_layouts = [dense<[0, 1]> : tensor<2xindex>, dense<0> : tensor<1xindex>, dense<> : tensor<0xindex>]} : (tensor<3x3xf32>) -> (tensor<3x3xf32>, tensor<3xi32>, tensor<i32>)
    %c = stablehlo.constant dense<1> : tensor<i32>
    %1 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<i32>) -> tensor<3xi32>
    %2 = stablehlo.subtract %0#1, %1 : tensor<3xi32>
    %3 = stablehlo.iota dim = 0 : tensor<3xi32>
    %c_0 = stablehlo.constant dense<0> : tensor<i32>
    %4:3 = stablehlo.while(%iterArg = %c_0, %iterArg_1 = %c_0, %iterArg_2 = %3) : tensor<i32>, tensor<i32>, tensor<3xi32>
    cond {
      %c_3 = stablehlo.constant dense<3> : tensor<i32>
      %5 = stablehlo.compare LT, %iterArg, %c_3 : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %5 : tensor<i1>
    } do {
      %c_3 = stablehlo.constant dense<1> : tensor<i32>
      %5 = stablehlo.add %iterArg_1, %c_3 : tensor<i32>
      %c_4 = stablehlo.constant dense<0> : tensor<i32>
      %6 = stablehlo.compare LT, %iterArg_1, %c_4, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      %c_5 = stablehlo.constant dense<3> : tensor<i32>
      %7 = stablehlo.add %iterArg_1, %c_5 : tensor<i32>
      %8 = stablehlo.select %6, %7, %iterArg_1 : tensor<i1>, tensor<i32>
      %9 = stablehlo.dynamic_slice %2, %8, sizes = [1] : (tensor<3xi32>, tensor<i32>) -> tensor<1xi32>
      %10 = stablehlo.compare LT, %iterArg_1, %c_4, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      %11 = stablehlo.add %iterArg_1, %c_5 : tensor<i32>
      %12 = stablehlo.select %10, %11, %iterArg_1 : tensor<i1>, tensor<i32>
      %13 = stablehlo.dynamic_slice %iterArg_2, %12, sizes = [1] : (tensor<3xi32>, tensor<i32>) -> tensor<1xi32>
      %14 = stablehlo.reshape %9 : (tensor<1xi32>) -> tensor<1x1xi32>
      %15 = "stablehlo.gather"(%iterArg_2, %14) <{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, indices_are_sorted = false, slice_sizes = array<i64: 1>}> : (tensor<3xi32>, tensor<1x1xi32>) -> tensor<1xi32>
      %16 = stablehlo.broadcast_in_dim %9, dims = [0] : (tensor<1xi32>) -> tensor<3xi32>
      %17 = stablehlo.broadcast_in_dim %13, dims = [0] : (tensor<1xi32>) -> tensor<3xi32>
      %18 = stablehlo.broadcast_in_dim %15, dims = [0] : (tensor<1xi32>) -> tensor<3xi32>
      %19 = stablehlo.compare EQ, %3, %16, SIGNED : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi1>
      %20 = stablehlo.select %19, %17, %iterArg_2 : tensor<3xi1>, tensor<3xi32>
      %21 = stablehlo.broadcast_in_dim %iterArg_1, dims = [] : (tensor<i32>) -> tensor<3xi32>
      %22 = stablehlo.compare EQ, %3, %21, SIGNED : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi1>
      %23 = stablehlo.select %22, %18, %20 : tensor<3xi1>, tensor<3xi32>
      %24 = stablehlo.add %iterArg, %c_3 : tensor<i32>
      stablehlo.return %24, %5, %23 : tensor<i32>, tensor<i32>, tensor<3xi32>
    }
    return %0#0, %2, %4#2 : tensor<3x3xf32>, tensor<3xi32>, tensor<3xi32>
  }
}
