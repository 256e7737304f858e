module @jib_householder_product {
  func.func public @main(%arg0: tensor<3x2xf32>, %arg1: tensor<2xf32>) -> tensor<3x2xf32> {
    %0 = stablehlo.custom_call @lapack_sorgqr_ffi(%arg0, %arg1) {api_version = 4 : i32, backend_config = {}, operand_layouts = [dense<[0, 1]> : tensor<2xindex>, dense<0> : tensor<1xindex>], output_operand_aliases = [#stablehlo.output_operand_alias<output_tuple_indices = [], operand_index = 0, operand_tuple_indices = []>], result_layouts = [dense<[0, 1]> : tensor<2xindex>]} : (tensor<3x2xf32>, tensor<2xf32>) -> tensor<3x2xf32>
    return %0 : tensor<3x2xf32>
  }
}
