module @jib_threefry2x32 {
  func.func public @main(%arg0: tensor<ui32>, %arg1: tensor<ui32>, %arg2: tensor<3xui32>, %arg3: tensor<3xui32>) -> (tensor<3xui32>, tensor<3xui32>) {
    %0:2 = call @threefry2x32(%arg0, %arg1, %arg2, %arg3) : (tensor<ui32>, tensor<ui32>, tensor<3xui32>, tensor<3xui32>) -> (tensor<3xui32>, tensor<3xui32>)
    return %0#0, %0#1 : tensor<3xui32>, tensor<3xui32>
  }
  func.func private @threefry2x32(%arg0: tensor<ui32>, %arg1: tensor<ui32>, %arg2: tensor<3xui32>, %arg3: tensor<3xui32>) -> (tensor<3xui32>, tensor<3xui32>) {
    %0 = stablehlo.xor %arg0, %arg1 : tensor<ui32>
    %c = stablehlo.constant dense<466688986> : tensor<ui32>
    %1 = stablehlo.xor %0, %c : tensor<ui32>
    %2 = stablehlo.broadcast_in_dim %arg0, dims = [] : (tensor<ui32>) -> tensor<3xui32>
    %3 = stablehlo.add %arg2, %2 : tensor<3xui32>
    %4 = stablehlo.broadcast_in_dim %arg1, dims = [] : (tensor<ui32>) -> tensor<3xui32>
    %5 = stablehlo.add %arg3, %4 : tensor<3xui32>
    %6 = stablehlo.add %3, %5 : tensor<3xui32>
    %c_0 = stablehlo.constant dense<13> : tensor<ui32>
    %7 = stablehlo.broadcast_in_dim %c_0, dims = [] : (tensor<ui32>) -> tensor<3xui32>
    %8 = stablehlo.shift_left %5, %7 : tensor<3xui32>
    %c_1 = stablehlo.constant dense<19> : tensor<ui32>
    %9 = stablehlo.broadcast_in_dim %c_1, dims = [] : (tensor<ui32>) -> tensor<3xui32>
    %10 = stablehlo.shift_right_logical %5, %9 : tensor<3xui32>
    %11 = stablehlo.or %8, %10 : tensor<3xui32>
    %12 = stablehlo.xor %6, %11 : tensor<3xui32>
    %13 = stablehlo.add %6, %12 : tensor<3xui32>
    %c_2 = stablehlo.constant dense<15> : tensor<ui32>
    %14 = stablehlo.broadcast_in_dim %c_2, dims = [] : (tensor<ui32>) -> tensor<3xui32>
    %15 = stablehlo.shift_left %12, %14 : tensor<3xui32>
    %c_3 = stablehlo.constant dense<17> : tensor<ui32>
    %16 = stablehlo.broadcast_in_dim %c_3, dims = [] : (tensor<ui32>) -> tensor<3xui32>
    %17 = stablehlo.shift_right_logical %12, %16 : tensor<3xui32>
    %18 = stablehlo.or %15, %17 : tensor<3xui32>
    %19 = stablehlo.xor %13, %18 : tensor<3xui32>
    %20 = stablehlo.add %13, %19 : tensor<3xui32>
    %c_4 = stablehlo.constant dense<26> : tensor<ui32>
    %21 = stablehlo.broadcast_in_dim %c_4, dims = [] : (tensor<ui32>) -> tensor<3xui32>
    %22 = stablehlo.shift_left %19, %21 : tensor<3xui32>
    %c_5 = stablehlo.constant dense<6> : tensor<ui32>
    %23 = stablehlo.broadcast_in_dim %c_5, dims = [] : (tensor<ui32>) -> tensor<3xui32>
    %24 = stablehlo.shift_right_logical %19, %23 : tensor<3xui32>
    %25 = stablehlo.or %22, %24 : tensor<3xui32>
    %26 = stablehlo.xor %20, %25 : tensor<3xui32>
    %27 = stablehlo.add %20, %26 : tensor<3xui32>
    %28 = stablehlo.shift_left %26, %23 : tensor<3xui32>
    %29 = stablehlo.shift_right_logical %26, %21 : tensor<3xui32>
    %30 = stablehlo.or %28, %29 : tensor<3xui32>
    %31 = stablehlo.xor %27, %30 : tensor<3xui32>
    %32 = stablehlo.add %27, %4 : tensor<3xui32>
    %33 = stablehlo.broadcast_in_dim %1, dims = [] : (tensor<ui32>) -> tensor<3xui32>
    %34 = stablehlo.add %31, %33 : tensor<3xui32>
    %c_6 = stablehlo.constant dense<1> : tensor<ui32>
    %35 = stablehlo.broadcast_in_dim %c_6, dims = [] : (tensor<ui32>) -> tensor<3xui32>
    %36 = stablehlo.add %34, %35 : tensor<3xui32>
    %37 = stablehlo.add %32, %36 : tensor<3xui32>
    %38 = stablehlo.shift_left %36, %16 : tensor<3xui32>
    %39 = stablehlo.shift_right_logical %36, %14 : tensor<3xui32>
    %40 = stablehlo.or %38, %39 : tensor<3xui32>
    %41 = stablehlo.xor %37, %40 : tensor<3xui32>
    %42 = stablehlo.add %37, %41 : tensor<3xui32>
    %c_7 = stablehlo.constant dense<29> : tensor<ui32>
    %43 = stablehlo.broadcast_in_dim %c_7, dims = [] : (tensor<ui32>) -> tensor<3xui32>
    %44 = stablehlo.shift_left %41, %43 : tensor<3xui32>
    %c_8 = stablehlo.constant dense<3> : tensor<ui32>
    %45 = stablehlo.broadcast_in_dim %c_8, dims = [] : (tensor<ui32>) -> tensor<3xui32>
    %46 = stablehlo.shift_right_logical %41, %45 : tensor<3xui32>
    %47 = stablehlo.or %44, %46 : tensor<3xui32>
    %48 = stablehlo.xor %42, %47 : tensor<3xui32>
    %49 = stablehlo.add %42, %48 : tensor<3xui32>
    %c_9 = stablehlo.constant dense<16> : tensor<ui32>
    %50 = stablehlo.broadcast_in_dim %c_9, dims = [] : (tensor<ui32>) -> tensor<3xui32>
    %51 = stablehlo.shift_left %48, %50 : tensor<3xui32>
    %52 = stablehlo.shift_right_logical %48, %50 : tensor<3xui32>
    %53 = stablehlo.or %51, %52 : tensor<3xui32>
    %54 = stablehlo.xor %49, %53 : tensor<3xui32>
    %55 = stablehlo.add %49, %54 : tensor<3xui32>
    %c_10 = stablehlo.constant dense<24> : tensor<ui32>
    %56 = stablehlo.broadcast_in_dim %c_10, dims = [] : (tensor<ui32>) -> tensor<3xui32>
    %57 = stablehlo.shift_left %54, %56 : tensor<3xui32>
    %c_11 = stablehlo.constant dense<8> : tensor<ui32>
    %58 = stablehlo.broadcast_in_dim %c_11, dims = [] : (tensor<ui32>) -> tensor<3xui32>
    %59 = stablehlo.shift_right_logical %54, %58 : tensor<3xui32>
    %60 = stablehlo.or %57, %59 : tensor<3xui32>
    %61 = stablehlo.xor %55, %60 : tensor<3xui32>
    %62 = stablehlo.add %55, %33 : tensor<3xui32>
    %63 = stablehlo.add %61, %2 : tensor<3xui32>
    %c_12 = stablehlo.constant dense<2> : tensor<ui32>
    %64 = stablehlo.broadcast_in_dim %c_12, dims = [] : (tensor<ui32>) -> tensor<3xui32>
    %65 = stablehlo.add %63, %64 : tensor<3xui32>
    %66 = stablehlo.add %62, %65 : tensor<3xui32>
    %67 = stablehlo.shift_left %65, %7 : tensor<3xui32>
    %68 = stablehlo.shift_right_logical %65, %9 : tensor<3xui32>
    %69 = stablehlo.or %67, %68 : tensor<3xui32>
    %70 = stablehlo.xor %66, %69 : tensor<3xui32>
    %71 = stablehlo.add %66, %70 : tensor<3xui32>
    %72 = stablehlo.shift_left %70, %14 : tensor<3xui32>
    %73 = stablehlo.shift_right_logical %70, %16 : tensor<3xui32>
    %74 = stablehlo.or %72, %73 : tensor<3xui32>
    %75 = stablehlo.xor %71, %74 : tensor<3xui32>
    %76 = stablehlo.add %71, %75 : tensor<3xui32>
    %77 = stablehlo.shift_left %75, %21 : tensor<3xui32>
    %78 = stablehlo.shift_right_logical %75, %23 : tensor<3xui32>
    %79 = stablehlo.or %77, %78 : tensor<3xui32>
    %80 = stablehlo.xor %76, %79 : tensor<3xui32>
    %81 = stablehlo.add %76, %80 : tensor<3xui32>
    %82 = stablehlo.shift_left %80, %23 : tensor<3xui32>
    %83 = stablehlo.shift_right_logical %80, %21 : tensor<3xui32>
    %84 = stablehlo.or %82, %83 : tensor<3xui32>
    %85 = stablehlo.xor %81, %84 : tensor<3xui32>
    %86 = stablehlo.add %81, %2 : tensor<3xui32>
    %87 = stablehlo.add %85, %4 : tensor<3xui32>
    %88 = stablehlo.add %87, %45 : tensor<3xui32>
    %89 = stablehlo.add %86, %88 : tensor<3xui32>
    %90 = stablehlo.shift_left %88, %16 : tensor<3xui32>
    %91 = stablehlo.shift_right_logical %88, %14 : tensor<3xui32>
    %92 = stablehlo.or %90, %91 : tensor<3xui32>
    %93 = stablehlo.xor %89, %92 : tensor<3xui32>
    %94 = stablehlo.add %89, %93 : tensor<3xui32>
    %95 = stablehlo.shift_left %93, %43 : tensor<3xui32>
    %96 = stablehlo.shift_right_logical %93, %45 : tensor<3xui32>
    %97 = stablehlo.or %95, %96 : tensor<3xui32>
    %98 = stablehlo.xor %94, %97 : tensor<3xui32>
    %99 = stablehlo.add %94, %98 : tensor<3xui32>
    %100 = stablehlo.shift_left %98, %50 : tensor<3xui32>
    %101 = stablehlo.shift_right_logical %98, %50 : tensor<3xui32>
    %102 = stablehlo.or %100, %101 : tensor<3xui32>
    %103 = stablehlo.xor %99, %102 : tensor<3xui32>
    %104 = stablehlo.add %99, %103 : tensor<3xui32>
    %105 = stablehlo.shift_left %103, %56 : tensor<3xui32>
    %106 = stablehlo.shift_right_logical %103, %58 : tensor<3xui32>
    %107 = stablehlo.or %105, %106 : tensor<3xui32>
    %108 = stablehlo.xor %104, %107 : tensor<3xui32>
    %109 = stablehlo.add %104, %4 : tensor<3xui32>
    %110 = stablehlo.add %108, %33 : tensor<3xui32>
    %c_13 = stablehlo.constant dense<4> : tensor<ui32>
    %111 = stablehlo.broadcast_in_dim %c_13, dims = [] : (tensor<ui32>) -> tensor<3xui32>
    %112 = stablehlo.add %110, %111 : tensor<3xui32>
    %113 = stablehlo.add %109, %112 : tensor<3xui32>
    %114 = stablehlo.shift_left %112, %7 : tensor<3xui32>
    %115 = stablehlo.shift_right_logical %112, %9 : tensor<3xui32>
    %116 = stablehlo.or %114, %115 : tensor<3xui32>
    %117 = stablehlo.xor %113, %116 : tensor<3xui32>
    %118 = stablehlo.add %113, %117 : tensor<3xui32>
    %119 = stablehlo.shift_left %117, %14 : tensor<3xui32>
    %120 = stablehlo.shift_right_logical %117, %16 : tensor<3xui32>
    %121 = stablehlo.or %119, %120 : tensor<3xui32>
    %122 = stablehlo.xor %118, %121 : tensor<3xui32>
    %123 = stablehlo.add %118, %122 : tensor<3xui32>
    %124 = stablehlo.shift_left %122, %21 : tensor<3xui32>
    %125 = stablehlo.shift_right_logical %122, %23 : tensor<3xui32>
    %126 = stablehlo.or %124, %125 : tensor<3xui32>
    %127 = stablehlo.xor %123, %126 : tensor<3xui32>
    %128 = stablehlo.add %123, %127 : tensor<3xui32>
    %129 = stablehlo.shift_left %127, %23 : tensor<3xui32>
    %130 = stablehlo.shift_right_logical %127, %21 : tensor<3xui32>
    %131 = stablehlo.or %129, %130 : tensor<3xui32>
    %132 = stablehlo.xor %128, %131 : tensor<3xui32>
    %133 = stablehlo.add %128, %33 : tensor<3xui32>
    %134 = stablehlo.add %132, %2 : tensor<3xui32>
    %c_14 = stablehlo.constant dense<5> : tensor<ui32>
    %135 = stablehlo.broadcast_in_dim %c_14, dims = [] : (tensor<ui32>) -> tensor<3xui32>
    %136 = stablehlo.add %134, %135 : tensor<3xui32>
    return %133, %136 : tensor<3xui32>, tensor<3xui32>
  }
}
