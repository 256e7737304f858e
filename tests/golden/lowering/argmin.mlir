module @jib_argmin {
  func.func public @main(%arg0: tensor<2x3xf32>) -> tensor<2xi32> {
    %cst = stablehlo.constant dense<0x7F800000> : tensor<f32>
    %0 = stablehlo.reduce(%arg0 init: %cst) applies stablehlo.minimum across dimensions = [1] : (tensor<2x3xf32>, tensor<f32>) -> tensor<2xf32>
    %1 = stablehlo.abs %arg0 : tensor<2x3xf32>
    %cst_0 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %2 = stablehlo.reduce(%1 init: %cst_0) applies stablehlo.add across dimensions = [1] : (tensor<2x3xf32>, tensor<f32>) -> tensor<2xf32>
    %3 = stablehlo.compare NE, %2, %2 : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>
    %cst_1 = stablehlo.constant dense<0x7FC00000> : tensor<2xf32>
    %4 = stablehlo.select %3, %cst_1, %0 : tensor<2xi1>, tensor<2xf32>
    %5 = stablehlo.slice %arg0 [0:2, 0:1] : (tensor<2x3xf32>) -> tensor<2x1xf32>
    %6 = stablehlo.slice %arg0 [0:2, 1:2] : (tensor<2x3xf32>) -> tensor<2x1xf32>
    %7 = stablehlo.slice %arg0 [0:2, 2:3] : (tensor<2x3xf32>) -> tensor<2x1xf32>
    %8 = stablehlo.broadcast_in_dim %4, dims = [0] : (tensor<2xf32>) -> tensor<2x1xf32>
    %9 = stablehlo.compare EQ, %5, %8, FLOAT : (tensor<2x1xf32>, tensor<2x1xf32>) -> tensor<2x1xi1>
    %10 = stablehlo.compare NE, %5, %5, FLOAT : (tensor<2x1xf32>, tensor<2x1xf32>) -> tensor<2x1xi1>
    %11 = stablehlo.or %9, %10 : tensor<2x1xi1>
    %12 = stablehlo.iota dim = 1 : tensor<2x1xi32>
    %c = stablehlo.constant dense<0> : tensor<i32>
    %13 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<i32>) -> tensor<2x1xi32>
    %14 = stablehlo.add %12, %13 : tensor<2x1xi32>
    %c_2 = stablehlo.constant dense<3> : tensor<i32>
    %15 = stablehlo.broadcast_in_dim %c_2, dims = [] : (tensor<i32>) -> tensor<2x1xi32>
    %16 = stablehlo.select %11, %14, %15 : tensor<2x1xi1>, tensor<2x1xi32>
    %17 = stablehlo.broadcast_in_dim %4, dims = [0] : (tensor<2xf32>) -> tensor<2x1xf32>
    %18 = stablehlo.compare EQ, %6, %17, FLOAT : (tensor<2x1xf32>, tensor<2x1xf32>) -> tensor<2x1xi1>
    %19 = stablehlo.compare NE, %6, %6, FLOAT : (tensor<2x1xf32>, tensor<2x1xf32>) -> tensor<2x1xi1>
    %20 = stablehlo.or %18, %19 : tensor<2x1xi1>
    %21 = stablehlo.iota dim = 1 : tensor<2x1xi32>
    %c_3 = stablehlo.constant dense<1> : tensor<i32>
    %22 = stablehlo.broadcast_in_dim %c_3, dims = [] : (tensor<i32>) -> tensor<2x1xi32>
    %23 = stablehlo.add %21, %22 : tensor<2x1xi32>
    %24 = stablehlo.broadcast_in_dim %c_2, dims = [] : (tensor<i32>) -> tensor<2x1xi32>
    %25 = stablehlo.select %20, %23, %24 : tensor<2x1xi1>, tensor<2x1xi32>
    %26 = stablehlo.broadcast_in_dim %4, dims = [0] : (tensor<2xf32>) -> tensor<2x1xf32>
    %27 = stablehlo.compare EQ, %7, %26, FLOAT : (tensor<2x1xf32>, tensor<2x1xf32>) -> tensor<2x1xi1>
    %28 = stablehlo.compare NE, %7, %7, FLOAT : (tensor<2x1xf32>, tensor<2x1xf32>) -> tensor<2x1xi1>
    %29 = stablehlo.or %27, %28 : tensor<2x1xi1>
    %30 = stablehlo.iota dim = 1 : tensor<2x1xi32>
    %c_4 = stablehlo.constant dense<2> : tensor<i32>
    %31 = stablehlo.broadcast_in_dim %c_4, dims = [] : (tensor<i32>) -> tensor<2x1xi32>
    %32 = stablehlo.add %30, %31 : tensor<2x1xi32>
    %33 = stablehlo.broadcast_in_dim %c_2, dims = [] : (tensor<i32>) -> tensor<2x1xi32>
    %34 = stablehlo.select %29, %32, %33 : tensor<2x1xi1>, tensor<2x1xi32>
    %35 = stablehlo.minimum %16, %25 : tensor<2x1xi32>
    %36 = stablehlo.minimum %35, %34 : tensor<2x1xi32>
    %c_5 = stablehlo.constant dense<2147483647> : tensor<i32>
    %37 = stablehlo.reduce(%36 init: %c_5) applies stablehlo.minimum across dimensions = [1] : (tensor<2x1xi32>, tensor<i32>) -> tensor<2xi32>
    return %37 : tensor<2xi32>
  }
}
