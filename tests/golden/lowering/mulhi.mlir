module @jib_mulhi {
  func.func public @main(%arg0: tensor<2x3xi8>, %arg1: tensor<i8>) -> tensor<2x3xi8> {
    %c = stablehlo.constant dense<4> : tensor<ui32>
    %0 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<ui32>) -> tensor<ui32>
    %1 = stablehlo.convert %0 : (tensor<ui32>) -> tensor<ui8>
    %c_0 = stablehlo.constant dense<15> : tensor<ui32>
    %2 = stablehlo.broadcast_in_dim %c_0, dims = [] : (tensor<ui32>) -> tensor<ui32>
    %3 = stablehlo.convert %2 : (tensor<ui32>) -> tensor<ui8>
    %4 = stablehlo.bitcast_convert %arg0 : (tensor<2x3xi8>) -> tensor<2x3xui8>
    %5 = stablehlo.broadcast_in_dim %1, dims = [] : (tensor<ui8>) -> tensor<2x3xui8>
    %6 = stablehlo.shift_right_logical %4, %5 : tensor<2x3xui8>
    %7 = stablehlo.broadcast_in_dim %3, dims = [] : (tensor<ui8>) -> tensor<2x3xui8>
    %8 = stablehlo.and %4, %7 : tensor<2x3xui8>
    %9 = stablehlo.bitcast_convert %arg1 : (tensor<i8>) -> tensor<ui8>
    %10 = stablehlo.shift_right_logical %9, %1 : tensor<ui8>
    %11 = stablehlo.and %9, %3 : tensor<ui8>
    %12 = stablehlo.broadcast_in_dim %11, dims = [] : (tensor<ui8>) -> tensor<2x3xui8>
    %13 = stablehlo.multiply %6, %12 : tensor<2x3xui8>
    %14 = stablehlo.multiply %8, %12 : tensor<2x3xui8>
    %15 = stablehlo.shift_right_logical %14, %5 : tensor<2x3xui8>
    %16 = stablehlo.and %14, %7 : tensor<2x3xui8>
    %17 = stablehlo.add %13, %15 : tensor<2x3xui8>
    %18 = stablehlo.shift_right_logical %17, %5 : tensor<2x3xui8>
    %19 = stablehlo.and %17, %7 : tensor<2x3xui8>
    %20 = stablehlo.broadcast_in_dim %10, dims = [] : (tensor<ui8>) -> tensor<2x3xui8>
    %21 = stablehlo.multiply %8, %20 : tensor<2x3xui8>
    %22 = stablehlo.add %19, %21 : tensor<2x3xui8>
    %23 = stablehlo.shift_right_logical %22, %5 : tensor<2x3xui8>
    %24 = stablehlo.and %22, %7 : tensor<2x3xui8>
    %25 = stablehlo.add %18, %23 : tensor<2x3xui8>
    %26 = stablehlo.multiply %6, %20 : tensor<2x3xui8>
    %27 = stablehlo.add %26, %25 : tensor<2x3xui8>
    %28 = stablehlo.bitcast_convert %27 : (tensor<2x3xui8>) -> tensor<2x3xi8>
    %c_1 = stablehlo.constant dense<0> : tensor<i8>
    %29 = stablehlo.broadcast_in_dim %c_1, dims = [] : (tensor<i8>) -> tensor<2x3xi8>
    %30 = stablehlo.add %arg0, %29 : tensor<2x3xi8>
    %31 = stablehlo.broadcast_in_dim %arg1, dims = [] : (tensor<i8>) -> tensor<2x3xi8>
    %32 = stablehlo.add %31, %29 : tensor<2x3xi8>
    %33 = stablehlo.compare LT, %30, %29, SIGNED : (tensor<2x3xi8>, tensor<2x3xi8>) -> tensor<2x3xi1>
    %34 = stablehlo.select %33, %32, %29 : tensor<2x3xi1>, tensor<2x3xi8>
    %35 = stablehlo.subtract %28, %34 : tensor<2x3xi8>
    %36 = stablehlo.broadcast_in_dim %c_1, dims = [] : (tensor<i8>) -> tensor<2x3xi8>
    %37 = stablehlo.add %31, %36 : tensor<2x3xi8>
    %38 = stablehlo.add %arg0, %36 : tensor<2x3xi8>
    %39 = stablehlo.compare LT, %37, %36, SIGNED : (tensor<2x3xi8>, tensor<2x3xi8>) -> tensor<2x3xi1>
    %40 = stablehlo.select %39, %38, %36 : tensor<2x3xi1>, tensor<2x3xi8>
    %41 = stablehlo.subtract %35, %40 : tensor<2x3xi8>
    return %41 : tensor<2x3xi8>
  }
}
