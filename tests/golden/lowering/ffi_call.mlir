module @jib_ffi_call {
  func.func public @main(%arg0: tensor<3x3xf32>, %arg1: tensor<3xf32>) -> tensor<3x3xf32> {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [0] : (tensor<3xf32>) -> tensor<3x3xf32>
    %1 = stablehlo.multiply %0, %arg0 : tensor<3x3xf32>
    %2:2 = stablehlo.custom_call @lapack_spotrf_ffi(%1) {api_version = 4 : i32, backend_config = {uplo = 76 : ui8}, operand_layouts = [dense<[1, 0]> : tensor<2xindex>], result_layouts = [dense<[1, 0]> : tensor<2xindex>, dense<> : tensor<0xindex>]} : (tensor<3x3xf32>) -> (tensor<3x3xf32>, tensor<i32>)
    return %2#0 : tensor<3x3xf32>
  }
}
