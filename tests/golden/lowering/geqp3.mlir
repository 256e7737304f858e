module @jib_geqp3 {
  func.func public @main(%arg0: tensor<3x2xf32>, %arg1: tensor<2xi32>) -> (tensor<3x2xf32>, tensor<2xi32>, tensor<2xf32>) {
    %0:3 = stablehlo.custom_call @lapack_sgeqp3_ffi(%arg0, %arg1) {api_version = 4 : i32, backend_config = {}, operand_layouts = [dense<[0, 1]> : tensor<2xindex>, dense<0> : tensor<1xindex>], output_operand_aliases = [#stablehlo.output_operand_alias<output_tuple_indices = [0], operand_index = 0, operand_tuple_indices = []>, #stablehlo.output_operand_alias<output_tuple_indices = [1], operand_index = 1, operand_tuple_indices = []>], result_layouts = [dense<[0, 1]> : tensor<2xindex>, dense<0> : tensor<1xindex>, dense<0> : tensor<1xindex>]} : (tensor<3x2xf32>, tensor<2xi32>) -> (tensor<3x2xf32>, tensor<2xi32>, tensor<2xf32>)
    return %0#0, %0#1, %0#2 : tensor<3x2xf32>, tensor<2xi32>, tensor<2xf32>
  }
}
