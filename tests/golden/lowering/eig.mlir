module @jib_eig {
  func.func public @main(%arg0: tensor<3x3xf32>) -> (tensor<3xcomplex<f32>>, tensor<3x3xcomplex<f32>>, tensor<3x3xf32>) {
    %0:5 = stablehlo.custom_call @lapack_sgeev_ffi(%arg0) {api_version = 4 : i32, backend_config = {compute_left = 78 : ui8, compute_right = 78 : ui8}, operand_layouts = [dense<[0, 1]> : tensor<2xindex>], result_layouts = [dense<0> : tensor<1xindex>, dense<0> : tensor<1xindex>, dense<[0, 1]> : tensor<2xindex>, dense<[0, 1]> : tensor<2xindex>, dense<> : tensor<0xindex>]} : (tensor<3x3xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3x3xcomplex<f32>>, tensor<3x3xcomplex<f32>>, tensor<i32>)
    %c = stablehlo.constant dense<0> : tensor<i32>
    %1 = stablehlo.compare EQ, %0#4, %c, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
    %2 = stablehlo.broadcast_in_dim %1, dims = [] : (tensor<i1>) -> tensor<3xi1>
    %cst = stablehlo.constant dense<0x7FC00000> : tensor<f32>
    %3 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<3xf32>
    %4 = stablehlo.select %2, %0#0, %3 : tensor<3xi1>, tensor<3xf32>
    %5 = stablehlo.broadcast_in_dim %1, dims = [] : (tensor<i1>) -> tensor<3xi1>
    %6 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<3xf32>
    %7 = stablehlo.select %5, %0#1, %6 : tensor<3xi1>, tensor<3xf32>
    %8 = stablehlo.broadcast_in_dim %1, dims = [] : (tensor<i1>) -> tensor<3x3xi1>
    %cst_0 = stablehlo.constant dense<(0x7FC00000,0.000000e+00)> : tensor<complex<f32>>
    %9 = stablehlo.broadcast_in_dim %cst_0, dims = [] : (tensor<complex<f32>>) -> tensor<3x3xcomplex<f32>>
    %10 = stablehlo.select %8, %0#2, %9 : tensor<3x3xi1>, tensor<3x3xcomplex<f32>>
    %11 = stablehlo.broadcast_in_dim %1, dims = [] : (tensor<i1>) -> tensor<3x3xi1>
    %12 = stablehlo.broadcast_in_dim %cst_0, dims = [] : (tensor<complex<f32>>) -> tensor<3x3xcomplex<f32>>
    %13 = stablehlo.select %11, %0#3, %12 : tensor<3x3xi1>, tensor<3x3xcomplex<f32>>
    %14 = stablehlo.complex %4, %7 : tensor<3xcomplex<f32>>
    %15:5 = stablehlo.custom_call @lapack_sgeev_ffi(%arg0) {api_version = 4 : i32, backend_config = {compute_left = 86 : ui8, compute_right = 86 : ui8}, operand_layouts = [dense<[0, 1]> : tensor<2xindex>], result_layouts = [dense<0> : tensor<1xindex>, dense<0> : tensor<1xindex>, dense<[0, 1]> : tensor<2xindex>, dense<[0, 1]> : tensor<2xindex>, dense<> : tensor<0xindex>]} : (tensor<3x3xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3x3xcomplex<f32>>, tensor<3x3xcomplex<f32>>, tensor<i32>)
    %16 = stablehlo.compare EQ, %15#4, %c, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
    %17 = stablehlo.broadcast_in_dim %16, dims = [] : (tensor<i1>) -> tensor<3xi1>
    %18 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<3xf32>
    %19 = stablehlo.select %17, %15#0, %18 : tensor<3xi1>, tensor<3xf32>
    %20 = stablehlo.broadcast_in_dim %16, dims = [] : (tensor<i1>) -> tensor<3xi1>
    %21 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<3xf32>
    %22 = stablehlo.select %20, %15#1, %21 : tensor<3xi1>, tensor<3xf32>
    %23 = stablehlo.broadcast_in_dim %16, dims = [] : (tensor<i1>) -> tensor<3x3xi1>
    %24 = stablehlo.broadcast_in_dim %cst_0, dims = [] : (tensor<complex<f32>>) -> tensor<3x3xcomplex<f32>>
    %25 = stablehlo.select %23, %15#2, %24 : tensor<3x3xi1>, tensor<3x3xcomplex<f32>>
    %26 = stablehlo.broadcast_in_dim %16, dims = [] : (tensor<i1>) -> tensor<3x3xi1>
    %27 = stablehlo.broadcast_in_dim %cst_0, dims = [] : (tensor<complex<f32>>) -> tensor<3x3xcomplex<f32>>
    %28 = stablehlo.select %26, %15#3, %27 : tensor<3x3xi1>, tensor<3x3xcomplex<f32>>
    %29 = stablehlo.complex %19, %22 : tensor<3xcomplex<f32>>
    %30 = stablehlo.transpose %25, dims = [1, 0] : (tensor<3x3xcomplex<f32>>) -> tensor<3x3xcomplex<f32>>
    %31 = stablehlo.real %30 : (tensor<3x3xcomplex<f32>>) -> tensor<3x3xf32>
    %32 = stablehlo.imag %30 : (tensor<3x3xcomplex<f32>>) -> tensor<3x3xf32>
    %33 = stablehlo.negate %32 : tensor<3x3xf32>
    %34 = stablehlo.complex %31, %33 : tensor<3x3xcomplex<f32>>
    %35 = stablehlo.dot_general %34, %28, contracting_dims = [1] x [0] : (tensor<3x3xcomplex<f32>>, tensor<3x3xcomplex<f32>>) -> tensor<3x3xcomplex<f32>>
    %36 = stablehlo.abs %35 : (tensor<3x3xcomplex<f32>>) -> tensor<3x3xf32>
    %37 = stablehlo.iota dim = 0 : tensor<3x3xi32>
    %38 = stablehlo.iota dim = 1 : tensor<3x3xi32>
    %39 = stablehlo.compare EQ, %37, %38, SIGNED : (tensor<3x3xi32>, tensor<3x3xi32>) -> tensor<3x3xi1>
    %40 = stablehlo.convert %39 : (tensor<3x3xi1>) -> tensor<3x3xcomplex<f32>>
    %41:3 = stablehlo.custom_call @lapack_cgetrf_ffi(%28) {api_version = 4 : i32, backend_config = {}, operand_layouts = [dense<[0, 1]> : tensor<2xindex>], output_operand_aliases = [#stablehlo.output_operand_alias<output_tuple_indices = [0], operand_index = 0, operand_tuple_indices = []>], result_layouts = [dense<[0, 1]> : tensor<2xindex>, dense<0> : tensor<1xindex>, dense<> : tensor<0xindex>]} : (tensor<3x3xcomplex<f32>>) -> (tensor<3x3xcomplex<f32>>, tensor<3xi32>, tensor<i32>)
    %c_1 = stablehlo.constant dense<1> : tensor<i32>
    %42 = stablehlo.broadcast_in_dim %c_1, dims = [] : (tensor<i32>) -> tensor<3xi32>
    %43 = stablehlo.subtract %41#1, %42 : tensor<3xi32>
    %44 = stablehlo.iota dim = 0 : tensor<3xi32>
    %45:3 = stablehlo.while(%iterArg = %c, %iterArg_2 = %c, %iterArg_3 = %44) : tensor<i32>, tensor<i32>, tensor<3xi32>
    cond {
      %c_4 = stablehlo.constant dense<3> : tensor<i32>
      %55 = stablehlo.compare LT, %iterArg, %c_4 : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %55 : tensor<i1>
    } do {
      %c_4 = stablehlo.constant dense<1> : tensor<i32>
      %55 = stablehlo.add %iterArg_2, %c_4 : tensor<i32>
      %c_5 = stablehlo.constant dense<0> : tensor<i32>
      %56 = stablehlo.compare LT, %iterArg_2, %c_5, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      %c_6 = stablehlo.constant dense<3> : tensor<i32>
      %57 = stablehlo.add %iterArg_2, %c_6 : tensor<i32>
      %58 = stablehlo.select %56, %57, %iterArg_2 : tensor<i1>, tensor<i32>
      %59 = stablehlo.dynamic_slice %43, %58, sizes = [1] : (tensor<3xi32>, tensor<i32>) -> tensor<1xi32>
      %60 = stablehlo.compare LT, %iterArg_2, %c_5, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      %61 = stablehlo.add %iterArg_2, %c_6 : tensor<i32>
      %62 = stablehlo.select %60, %61, %iterArg_2 : tensor<i1>, tensor<i32>
      %63 = stablehlo.dynamic_slice %iterArg_3, %62, sizes = [1] : (tensor<3xi32>, tensor<i32>) -> tensor<1xi32>
      %64 = stablehlo.reshape %59 : (tensor<1xi32>) -> tensor<1x1xi32>
      %65 = "stablehlo.gather"(%iterArg_3, %64) <{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, indices_are_sorted = false, slice_sizes = array<i64: 1>}> : (tensor<3xi32>, tensor<1x1xi32>) -> tensor<1xi32>
      %66 = stablehlo.broadcast_in_dim %59, dims = [0] : (tensor<1xi32>) -> tensor<3xi32>
      %67 = stablehlo.broadcast_in_dim %63, dims = [0] : (tensor<1xi32>) -> tensor<3xi32>
      %68 = stablehlo.broadcast_in_dim %65, dims = [0] : (tensor<1xi32>) -> tensor<3xi32>
      %69 = stablehlo.compare EQ, %44, %66, SIGNED : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi1>
      %70 = stablehlo.select %69, %67, %iterArg_3 : tensor<3xi1>, tensor<3xi32>
      %71 = stablehlo.broadcast_in_dim %iterArg_2, dims = [] : (tensor<i32>) -> tensor<3xi32>
      %72 = stablehlo.compare EQ, %44, %71, SIGNED : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi1>
      %73 = stablehlo.select %72, %68, %70 : tensor<3xi1>, tensor<3xi32>
      %74 = stablehlo.add %iterArg, %c_4 : tensor<i32>
      stablehlo.return %74, %55, %73 : tensor<i32>, tensor<i32>, tensor<3xi32>
    }
    %46 = stablehlo.broadcast_in_dim %45#2, dims = [0] : (tensor<3xi32>) -> tensor<3x3xi32>
    %47 = stablehlo.reshape %46 : (tensor<3x3xi32>) -> tensor<3x3x1xi32>
    %48 = "stablehlo.gather"(%40, %47) <{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0], operand_batching_dims = [1], start_indices_batching_dims = [1], start_index_map = [0], index_vector_dim = 2>, indices_are_sorted = false, slice_sizes = array<i64: 1, 1>}> : (tensor<3x3xcomplex<f32>>, tensor<3x3x1xi32>) -> tensor<3x3xcomplex<f32>>
    %49 = stablehlo.custom_call @lapack_ctrsm_ffi(%41#0, %48) {api_version = 4 : i32, backend_config = {diag = 85 : ui8, side = 76 : ui8, trans_x = 78 : ui8, uplo = 76 : ui8}, operand_layouts = [dense<[0, 1]> : tensor<2xindex>, dense<[0, 1]> : tensor<2xindex>], output_operand_aliases = [#stablehlo.output_operand_alias<output_tuple_indices = [], operand_index = 1, operand_tuple_indices = []>], result_layouts = [dense<[0, 1]> : tensor<2xindex>]} : (tensor<3x3xcomplex<f32>>, tensor<3x3xcomplex<f32>>) -> tensor<3x3xcomplex<f32>>
    %50 = stablehlo.custom_call @lapack_ctrsm_ffi(%41#0, %49) {api_version = 4 : i32, backend_config = {diag = 78 : ui8, side = 76 : ui8, trans_x = 78 : ui8, uplo = 85 : ui8}, operand_layouts = [dense<[0, 1]> : tensor<2xindex>, dense<[0, 1]> : tensor<2xindex>], output_operand_aliases = [#stablehlo.output_operand_alias<output_tuple_indices = [], operand_index = 1, operand_tuple_indices = []>], result_layouts = [dense<[0, 1]> : tensor<2xindex>]} : (tensor<3x3xcomplex<f32>>, tensor<3x3xcomplex<f32>>) -> tensor<3x3xcomplex<f32>>
    %51 = stablehlo.sine %29 : tensor<3xcomplex<f32>>
    %52 = stablehlo.broadcast_in_dim %51, dims = [1] : (tensor<3xcomplex<f32>>) -> tensor<3x3xcomplex<f32>>
    %53 = stablehlo.multiply %28, %52 : tensor<3x3xcomplex<f32>>
    %54 = stablehlo.dot_general %53, %50, contracting_dims = [1] x [0] : (tensor<3x3xcomplex<f32>>, tensor<3x3xcomplex<f32>>) -> tensor<3x3xcomplex<f32>>
    return %14, %54, %36 : tensor<3xcomplex<f32>>, tensor<3x3xcomplex<f32>>, tensor<3x3xf32>
  }
}
