module @jib_random_gamma_grad {
  func.func public @main(%arg0: tensor<2x3xf32>, %arg1: tensor<2x3xf32>) -> tensor<2x3xf32> {
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %0 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %1 = stablehlo.compare GT, %arg0, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %2 = stablehlo.compare GT, %arg1, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %3 = stablehlo.and %1, %2 : tensor<2x3xi1>
    %cst_0 = stablehlo.constant dense<0x7F800000> : tensor<f32>
    %4 = stablehlo.broadcast_in_dim %cst_0, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %5 = stablehlo.compare LT, %arg1, %4, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %6 = stablehlo.and %3, %5 : tensor<2x3xi1>
    %7 = stablehlo.compare LT, %arg0, %4, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %8 = stablehlo.and %6, %7 : tensor<2x3xi1>
    %cst_1 = stablehlo.constant dense<5.000000e-01> : tensor<f32>
    %9 = stablehlo.broadcast_in_dim %cst_1, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %10 = stablehlo.select %8, %arg0, %9 : tensor<2x3xi1>, tensor<2x3xf32>
    %11 = stablehlo.broadcast_in_dim %cst_1, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %12 = stablehlo.select %8, %arg1, %11 : tensor<2x3xi1>, tensor<2x3xf32>
    %13 = stablehlo.negate %12 : tensor<2x3xf32>
    %cst_2 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %14 = stablehlo.broadcast_in_dim %cst_2, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %cst_3 = stablehlo.constant dense<2.500000e-01> : tensor<f32>
    %15 = stablehlo.broadcast_in_dim %cst_3, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %16 = stablehlo.add %10, %15 : tensor<2x3xf32>
    %17 = stablehlo.broadcast_in_dim %cst_2, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %18 = stablehlo.minimum %16, %17 : tensor<2x3xf32>
    %19 = stablehlo.compare LT, %16, %17, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %20 = stablehlo.select %19, %17, %0 : tensor<2x3xi1>, tensor<2x3xf32>
    %21 = stablehlo.compare EQ, %16, %17, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %22 = stablehlo.broadcast_in_dim %cst_1, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %23 = stablehlo.select %21, %22, %20 : tensor<2x3xi1>, tensor<2x3xf32>
    %24 = stablehlo.multiply %14, %23 : tensor<2x3xf32>
    %25 = stablehlo.add %10, %18 : tensor<2x3xf32>
    %26 = stablehlo.add %14, %24 : tensor<2x3xf32>
    %27 = stablehlo.compare LT, %12, %25, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %28 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %29 = stablehlo.select %27, %12, %28 : tensor<2x3xi1>, tensor<2x3xf32>
    %30 = stablehlo.broadcast_in_dim %cst_2, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %31 = stablehlo.abs %30 : tensor<2x3xf32>
    %32 = stablehlo.broadcast_in_dim %cst_2, dims = [] : (tensor<f32>) -> tensor<f32>
    %c = stablehlo.constant dense<true> : tensor<i1>
    %33 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<i1>) -> tensor<2x3xi1>
    %34 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %35 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %36:6 = stablehlo.while(%iterArg = %33, %iterArg_37 = %32, %iterArg_38 = %30, %iterArg_39 = %30, %iterArg_40 = %34, %iterArg_41 = %35) : tensor<2x3xi1>, tensor<f32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>
    cond {
      %c_42 = stablehlo.constant dense<false> : tensor<i1>
      %416 = stablehlo.reduce(%iterArg init: %c_42) applies stablehlo.or across dimensions = [0, 1] : (tensor<2x3xi1>, tensor<i1>) -> tensor<i1>
      %cst_43 = stablehlo.constant dense<2.000000e+04> : tensor<f32>
      %417 = stablehlo.compare LT, %iterArg_37, %cst_43, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
      %418 = stablehlo.and %416, %417 : tensor<i1>
      stablehlo.return %418 : tensor<i1>
    } do {
      %416 = stablehlo.broadcast_in_dim %iterArg_37, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
      %417 = stablehlo.add %10, %416 : tensor<2x3xf32>
      %418 = stablehlo.divide %29, %417 : tensor<2x3xf32>
      %419 = stablehlo.negate %29 : tensor<2x3xf32>
      %420 = stablehlo.multiply %417, %417 : tensor<2x3xf32>
      %421 = stablehlo.divide %419, %420 : tensor<2x3xf32>
      %cst_42 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
      %422 = stablehlo.broadcast_in_dim %cst_42, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
      %423 = stablehlo.compare EQ, %14, %422, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
      %424 = stablehlo.multiply %14, %421 : tensor<2x3xf32>
      %425 = stablehlo.select %423, %422, %424 : tensor<2x3xi1>, tensor<2x3xf32>
      %426 = stablehlo.multiply %iterArg_39, %418 : tensor<2x3xf32>
      %427 = stablehlo.multiply %iterArg_41, %418 : tensor<2x3xf32>
      %428 = stablehlo.multiply %iterArg_39, %425 : tensor<2x3xf32>
      %429 = stablehlo.add %427, %428 : tensor<2x3xf32>
      %cst_43 = stablehlo.constant dense<2.98023224E-8> : tensor<f32>
      %430 = stablehlo.broadcast_in_dim %cst_43, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
      %431 = stablehlo.multiply %430, %iterArg_38 : tensor<2x3xf32>
      %432 = stablehlo.multiply %430, %iterArg_40 : tensor<2x3xf32>
      %433 = stablehlo.compare GT, %426, %431, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
      %434 = stablehlo.add %iterArg_38, %426 : tensor<2x3xf32>
      %435 = stablehlo.add %iterArg_40, %429 : tensor<2x3xf32>
      %436 = stablehlo.select %iterArg, %434, %iterArg_38 : tensor<2x3xi1>, tensor<2x3xf32>
      %437 = stablehlo.select %iterArg, %435, %iterArg_40 : tensor<2x3xi1>, tensor<2x3xf32>
      %438 = stablehlo.select %iterArg, %426, %iterArg_39 : tensor<2x3xi1>, tensor<2x3xf32>
      %439 = stablehlo.select %iterArg, %429, %iterArg_41 : tensor<2x3xi1>, tensor<2x3xf32>
      %440 = stablehlo.compare LT, %iterArg_37, %cst_42, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
      %441 = stablehlo.broadcast_in_dim %440, dims = [] : (tensor<i1>) -> tensor<2x3xi1>
      %442 = stablehlo.or %433, %441 : tensor<2x3xi1>
      %443 = stablehlo.and %iterArg, %442 : tensor<2x3xi1>
      %cst_44 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
      %444 = stablehlo.add %iterArg_37, %cst_44 : tensor<f32>
      stablehlo.return %443, %444, %436, %438, %437, %439 : tensor<2x3xi1>, tensor<f32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>
    }
    %37 = stablehlo.divide %36#2, %10 : tensor<2x3xf32>
    %38 = stablehlo.divide %17, %10 : tensor<2x3xf32>
    %39 = stablehlo.compare EQ, %36#4, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %40 = stablehlo.multiply %36#4, %38 : tensor<2x3xf32>
    %41 = stablehlo.select %39, %0, %40 : tensor<2x3xi1>, tensor<2x3xf32>
    %42 = stablehlo.negate %36#2 : tensor<2x3xf32>
    %43 = stablehlo.multiply %10, %10 : tensor<2x3xf32>
    %44 = stablehlo.divide %42, %43 : tensor<2x3xf32>
    %45 = stablehlo.compare EQ, %14, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %46 = stablehlo.multiply %14, %44 : tensor<2x3xf32>
    %47 = stablehlo.select %45, %0, %46 : tensor<2x3xi1>, tensor<2x3xf32>
    %48 = stablehlo.add %41, %47 : tensor<2x3xf32>
    %cst_4 = stablehlo.constant dense<3.000000e+00> : tensor<f32>
    %49 = stablehlo.broadcast_in_dim %cst_4, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %50 = stablehlo.select %27, %49, %12 : tensor<2x3xi1>, tensor<2x3xf32>
    %51 = stablehlo.broadcast_in_dim %cst_2, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %52 = stablehlo.select %27, %51, %10 : tensor<2x3xi1>, tensor<2x3xf32>
    %53 = stablehlo.select %27, %0, %14 : tensor<2x3xi1>, tensor<2x3xf32>
    %54 = stablehlo.sqrt %52 : tensor<2x3xf32>
    %55 = stablehlo.divide %22, %54 : tensor<2x3xf32>
    %56 = stablehlo.compare EQ, %53, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %57 = stablehlo.multiply %53, %55 : tensor<2x3xf32>
    %58 = stablehlo.select %56, %0, %57 : tensor<2x3xi1>, tensor<2x3xf32>
    %cst_5 = stablehlo.constant dense<6.000000e+00> : tensor<f32>
    %59 = stablehlo.broadcast_in_dim %cst_5, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %60 = stablehlo.multiply %59, %54 : tensor<2x3xf32>
    %61 = stablehlo.multiply %59, %58 : tensor<2x3xf32>
    %cst_6 = stablehlo.constant dense<18.7676964> : tensor<f32>
    %62 = stablehlo.broadcast_in_dim %cst_6, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %63 = stablehlo.divide %62, %50 : tensor<2x3xf32>
    %64 = stablehlo.add %60, %63 : tensor<2x3xf32>
    %65 = stablehlo.add %50, %17 : tensor<2x3xf32>
    %66 = stablehlo.subtract %65, %52 : tensor<2x3xf32>
    %67 = stablehlo.negate %53 : tensor<2x3xf32>
    %68 = stablehlo.abs %66 : tensor<2x3xf32>
    %69 = stablehlo.sign %66 : tensor<2x3xf32>
    %70 = stablehlo.multiply %67, %69 : tensor<2x3xf32>
    %cst_7 = stablehlo.constant dense<9.86076131E-32> : tensor<f32>
    %71 = stablehlo.broadcast_in_dim %cst_7, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %72 = stablehlo.compare LT, %68, %71, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %73 = stablehlo.broadcast_in_dim %cst_7, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %74 = stablehlo.select %72, %73, %66 : tensor<2x3xi1>, tensor<2x3xf32>
    %75 = stablehlo.select %72, %0, %67 : tensor<2x3xi1>, tensor<2x3xf32>
    %76 = stablehlo.divide %17, %74 : tensor<2x3xf32>
    %77 = stablehlo.negate %cst_2 : tensor<f32>
    %78 = stablehlo.multiply %74, %74 : tensor<2x3xf32>
    %79 = stablehlo.broadcast_in_dim %77, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %80 = stablehlo.divide %79, %78 : tensor<2x3xf32>
    %81 = stablehlo.compare EQ, %75, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %82 = stablehlo.multiply %75, %80 : tensor<2x3xf32>
    %83 = stablehlo.select %81, %0, %82 : tensor<2x3xi1>, tensor<2x3xf32>
    %84 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %85 = stablehlo.abs %84 : tensor<2x3xf32>
    %86 = stablehlo.compare LT, %85, %71, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %87 = stablehlo.broadcast_in_dim %cst_7, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %88 = stablehlo.select %86, %87, %84 : tensor<2x3xi1>, tensor<2x3xf32>
    %89 = stablehlo.divide %17, %88 : tensor<2x3xf32>
    %90 = stablehlo.abs %76 : tensor<2x3xf32>
    %91 = stablehlo.sign %76 : tensor<2x3xf32>
    %92 = stablehlo.multiply %83, %91 : tensor<2x3xf32>
    %93 = stablehlo.broadcast_in_dim %cst_2, dims = [] : (tensor<f32>) -> tensor<f32>
    %94 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<i1>) -> tensor<2x3xi1>
    %95 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %96:8 = stablehlo.while(%iterArg = %94, %iterArg_37 = %93, %iterArg_38 = %76, %iterArg_39 = %89, %iterArg_40 = %76, %iterArg_41 = %83, %iterArg_42 = %95, %iterArg_43 = %83) : tensor<2x3xi1>, tensor<f32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>
    cond {
      %c_44 = stablehlo.constant dense<false> : tensor<i1>
      %416 = stablehlo.reduce(%iterArg init: %c_44) applies stablehlo.or across dimensions = [0, 1] : (tensor<2x3xi1>, tensor<i1>) -> tensor<i1>
      %cst_45 = stablehlo.constant dense<2.000000e+04> : tensor<f32>
      %417 = stablehlo.compare LT, %iterArg_37, %cst_45, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
      %418 = stablehlo.and %416, %417 : tensor<i1>
      stablehlo.return %418 : tensor<i1>
    } do {
      %416 = stablehlo.broadcast_in_dim %iterArg_37, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
      %417 = stablehlo.subtract %52, %416 : tensor<2x3xf32>
      %418 = stablehlo.multiply %416, %417 : tensor<2x3xf32>
      %419 = stablehlo.multiply %416, %53 : tensor<2x3xf32>
      %cst_44 = stablehlo.constant dense<2.000000e+00> : tensor<f32>
      %420 = stablehlo.multiply %cst_44, %iterArg_37 : tensor<f32>
      %cst_45 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
      %421 = stablehlo.add %420, %cst_45 : tensor<f32>
      %422 = stablehlo.broadcast_in_dim %421, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
      %423 = stablehlo.add %50, %422 : tensor<2x3xf32>
      %424 = stablehlo.subtract %423, %52 : tensor<2x3xf32>
      %425 = stablehlo.negate %53 : tensor<2x3xf32>
      %426 = stablehlo.multiply %418, %iterArg_40 : tensor<2x3xf32>
      %427 = stablehlo.multiply %419, %iterArg_40 : tensor<2x3xf32>
      %428 = stablehlo.multiply %418, %iterArg_43 : tensor<2x3xf32>
      %429 = stablehlo.add %427, %428 : tensor<2x3xf32>
      %430 = stablehlo.add %424, %426 : tensor<2x3xf32>
      %431 = stablehlo.add %425, %429 : tensor<2x3xf32>
      %432 = stablehlo.abs %430 : tensor<2x3xf32>
      %433 = stablehlo.sign %430 : tensor<2x3xf32>
      %434 = stablehlo.multiply %431, %433 : tensor<2x3xf32>
      %cst_46 = stablehlo.constant dense<9.86076131E-32> : tensor<f32>
      %435 = stablehlo.broadcast_in_dim %cst_46, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
      %436 = stablehlo.compare LT, %432, %435, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
      %437 = stablehlo.broadcast_in_dim %cst_46, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
      %438 = stablehlo.select %436, %437, %430 : tensor<2x3xi1>, tensor<2x3xf32>
      %cst_47 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
      %439 = stablehlo.broadcast_in_dim %cst_47, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
      %440 = stablehlo.select %436, %439, %431 : tensor<2x3xi1>, tensor<2x3xf32>
      %441 = stablehlo.broadcast_in_dim %cst_45, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
      %442 = stablehlo.divide %441, %438 : tensor<2x3xf32>
      %443 = stablehlo.negate %cst_45 : tensor<f32>
      %444 = stablehlo.multiply %438, %438 : tensor<2x3xf32>
      %445 = stablehlo.broadcast_in_dim %443, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
      %446 = stablehlo.divide %445, %444 : tensor<2x3xf32>
      %447 = stablehlo.compare EQ, %440, %439, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
      %448 = stablehlo.multiply %440, %446 : tensor<2x3xf32>
      %449 = stablehlo.select %447, %439, %448 : tensor<2x3xi1>, tensor<2x3xf32>
      %450 = stablehlo.divide %418, %iterArg_39 : tensor<2x3xf32>
      %451 = stablehlo.divide %441, %iterArg_39 : tensor<2x3xf32>
      %452 = stablehlo.compare EQ, %419, %439, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
      %453 = stablehlo.multiply %419, %451 : tensor<2x3xf32>
      %454 = stablehlo.select %452, %439, %453 : tensor<2x3xi1>, tensor<2x3xf32>
      %455 = stablehlo.negate %418 : tensor<2x3xf32>
      %456 = stablehlo.multiply %iterArg_39, %iterArg_39 : tensor<2x3xf32>
      %457 = stablehlo.divide %455, %456 : tensor<2x3xf32>
      %458 = stablehlo.compare EQ, %iterArg_42, %439, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
      %459 = stablehlo.multiply %iterArg_42, %457 : tensor<2x3xf32>
      %460 = stablehlo.select %458, %439, %459 : tensor<2x3xi1>, tensor<2x3xf32>
      %461 = stablehlo.add %454, %460 : tensor<2x3xf32>
      %462 = stablehlo.add %424, %450 : tensor<2x3xf32>
      %463 = stablehlo.add %425, %461 : tensor<2x3xf32>
      %464 = stablehlo.abs %462 : tensor<2x3xf32>
      %465 = stablehlo.sign %462 : tensor<2x3xf32>
      %466 = stablehlo.multiply %463, %465 : tensor<2x3xf32>
      %467 = stablehlo.compare LT, %464, %435, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
      %468 = stablehlo.broadcast_in_dim %cst_46, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
      %469 = stablehlo.select %467, %468, %462 : tensor<2x3xi1>, tensor<2x3xf32>
      %470 = stablehlo.select %467, %439, %463 : tensor<2x3xi1>, tensor<2x3xf32>
      %471 = stablehlo.multiply %469, %442 : tensor<2x3xf32>
      %472 = stablehlo.multiply %470, %442 : tensor<2x3xf32>
      %473 = stablehlo.multiply %469, %449 : tensor<2x3xf32>
      %474 = stablehlo.add %472, %473 : tensor<2x3xf32>
      %475 = stablehlo.subtract %471, %441 : tensor<2x3xf32>
      %476 = stablehlo.abs %475 : tensor<2x3xf32>
      %477 = stablehlo.sign %475 : tensor<2x3xf32>
      %478 = stablehlo.multiply %474, %477 : tensor<2x3xf32>
      %cst_48 = stablehlo.constant dense<5.96046448E-8> : tensor<f32>
      %479 = stablehlo.broadcast_in_dim %cst_48, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
      %480 = stablehlo.compare GT, %476, %479, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
      %481 = stablehlo.multiply %iterArg_38, %471 : tensor<2x3xf32>
      %482 = stablehlo.multiply %iterArg_41, %471 : tensor<2x3xf32>
      %483 = stablehlo.multiply %iterArg_38, %474 : tensor<2x3xf32>
      %484 = stablehlo.add %482, %483 : tensor<2x3xf32>
      %485 = stablehlo.select %iterArg, %481, %iterArg_38 : tensor<2x3xi1>, tensor<2x3xf32>
      %486 = stablehlo.select %iterArg, %484, %iterArg_41 : tensor<2x3xi1>, tensor<2x3xf32>
      %487 = stablehlo.select %iterArg, %469, %iterArg_39 : tensor<2x3xi1>, tensor<2x3xf32>
      %488 = stablehlo.select %iterArg, %470, %iterArg_42 : tensor<2x3xi1>, tensor<2x3xf32>
      %489 = stablehlo.select %iterArg, %442, %iterArg_40 : tensor<2x3xi1>, tensor<2x3xf32>
      %490 = stablehlo.select %iterArg, %449, %iterArg_43 : tensor<2x3xi1>, tensor<2x3xf32>
      %491 = stablehlo.compare LT, %416, %64, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
      %492 = stablehlo.or %480, %491 : tensor<2x3xi1>
      %493 = stablehlo.and %iterArg, %492 : tensor<2x3xi1>
      %494 = stablehlo.add %iterArg_37, %cst_45 : tensor<f32>
      stablehlo.return %493, %494, %485, %487, %489, %486, %488, %490 : tensor<2x3xi1>, tensor<f32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>
    }
    %97 = stablehlo.subtract %12, %10 : tensor<2x3xf32>
    %98 = stablehlo.negate %14 : tensor<2x3xf32>
    %99 = stablehlo.divide %97, %10 : tensor<2x3xf32>
    %100 = stablehlo.divide %17, %10 : tensor<2x3xf32>
    %101 = stablehlo.compare EQ, %98, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %102 = stablehlo.multiply %98, %100 : tensor<2x3xf32>
    %103 = stablehlo.select %101, %0, %102 : tensor<2x3xi1>, tensor<2x3xf32>
    %104 = stablehlo.negate %97 : tensor<2x3xf32>
    %105 = stablehlo.multiply %10, %10 : tensor<2x3xf32>
    %106 = stablehlo.divide %104, %105 : tensor<2x3xf32>
    %107 = stablehlo.compare EQ, %14, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %108 = stablehlo.multiply %14, %106 : tensor<2x3xf32>
    %109 = stablehlo.select %107, %0, %108 : tensor<2x3xi1>, tensor<2x3xf32>
    %110 = stablehlo.add %103, %109 : tensor<2x3xf32>
    %111 = stablehlo.abs %99 : tensor<2x3xf32>
    %112 = stablehlo.sign %99 : tensor<2x3xf32>
    %113 = stablehlo.multiply %110, %112 : tensor<2x3xf32>
    %cst_8 = stablehlo.constant dense<4.000000e-01> : tensor<f32>
    %114 = stablehlo.broadcast_in_dim %cst_8, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %115 = stablehlo.compare LT, %111, %114, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %116 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %117 = stablehlo.select %115, %99, %116 : tensor<2x3xi1>, tensor<2x3xf32>
    %118 = stablehlo.select %115, %110, %0 : tensor<2x3xi1>, tensor<2x3xf32>
    %cst_9 = stablehlo.constant dense<2.000000e+00> : tensor<f32>
    %119 = stablehlo.broadcast_in_dim %cst_9, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %120 = stablehlo.add %117, %119 : tensor<2x3xf32>
    %121 = stablehlo.divide %117, %120 : tensor<2x3xf32>
    %122 = stablehlo.divide %17, %120 : tensor<2x3xf32>
    %123 = stablehlo.compare EQ, %118, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %124 = stablehlo.multiply %118, %122 : tensor<2x3xf32>
    %125 = stablehlo.select %123, %0, %124 : tensor<2x3xi1>, tensor<2x3xf32>
    %126 = stablehlo.negate %117 : tensor<2x3xf32>
    %127 = stablehlo.multiply %120, %120 : tensor<2x3xf32>
    %128 = stablehlo.divide %126, %127 : tensor<2x3xf32>
    %129 = stablehlo.compare EQ, %118, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %130 = stablehlo.multiply %118, %128 : tensor<2x3xf32>
    %131 = stablehlo.select %129, %0, %130 : tensor<2x3xi1>, tensor<2x3xf32>
    %132 = stablehlo.add %125, %131 : tensor<2x3xf32>
    %133 = stablehlo.multiply %121, %121 : tensor<2x3xf32>
    %134 = stablehlo.multiply %132, %121 : tensor<2x3xf32>
    %135 = stablehlo.multiply %121, %132 : tensor<2x3xf32>
    %136 = stablehlo.add %134, %135 : tensor<2x3xf32>
    %cst_10 = stablehlo.constant dense<0.0322580636> : tensor<f32>
    %137 = stablehlo.broadcast_in_dim %cst_10, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %138 = stablehlo.multiply %137, %133 : tensor<2x3xf32>
    %139 = stablehlo.multiply %137, %136 : tensor<2x3xf32>
    %cst_11 = stablehlo.constant dense<0.0344827585> : tensor<f32>
    %140 = stablehlo.broadcast_in_dim %cst_11, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %141 = stablehlo.add %138, %140 : tensor<2x3xf32>
    %142 = stablehlo.multiply %141, %133 : tensor<2x3xf32>
    %143 = stablehlo.multiply %139, %133 : tensor<2x3xf32>
    %144 = stablehlo.multiply %141, %136 : tensor<2x3xf32>
    %145 = stablehlo.add %143, %144 : tensor<2x3xf32>
    %cst_12 = stablehlo.constant dense<0.0370370373> : tensor<f32>
    %146 = stablehlo.broadcast_in_dim %cst_12, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %147 = stablehlo.add %142, %146 : tensor<2x3xf32>
    %148 = stablehlo.multiply %147, %133 : tensor<2x3xf32>
    %149 = stablehlo.multiply %145, %133 : tensor<2x3xf32>
    %150 = stablehlo.multiply %147, %136 : tensor<2x3xf32>
    %151 = stablehlo.add %149, %150 : tensor<2x3xf32>
    %cst_13 = stablehlo.constant dense<4.000000e-02> : tensor<f32>
    %152 = stablehlo.broadcast_in_dim %cst_13, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %153 = stablehlo.add %148, %152 : tensor<2x3xf32>
    %154 = stablehlo.multiply %153, %133 : tensor<2x3xf32>
    %155 = stablehlo.multiply %151, %133 : tensor<2x3xf32>
    %156 = stablehlo.multiply %153, %136 : tensor<2x3xf32>
    %157 = stablehlo.add %155, %156 : tensor<2x3xf32>
    %cst_14 = stablehlo.constant dense<0.0434782617> : tensor<f32>
    %158 = stablehlo.broadcast_in_dim %cst_14, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %159 = stablehlo.add %154, %158 : tensor<2x3xf32>
    %160 = stablehlo.multiply %159, %133 : tensor<2x3xf32>
    %161 = stablehlo.multiply %157, %133 : tensor<2x3xf32>
    %162 = stablehlo.multiply %159, %136 : tensor<2x3xf32>
    %163 = stablehlo.add %161, %162 : tensor<2x3xf32>
    %cst_15 = stablehlo.constant dense<0.0476190485> : tensor<f32>
    %164 = stablehlo.broadcast_in_dim %cst_15, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %165 = stablehlo.add %160, %164 : tensor<2x3xf32>
    %166 = stablehlo.multiply %165, %133 : tensor<2x3xf32>
    %167 = stablehlo.multiply %163, %133 : tensor<2x3xf32>
    %168 = stablehlo.multiply %165, %136 : tensor<2x3xf32>
    %169 = stablehlo.add %167, %168 : tensor<2x3xf32>
    %cst_16 = stablehlo.constant dense<0.0526315793> : tensor<f32>
    %170 = stablehlo.broadcast_in_dim %cst_16, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %171 = stablehlo.add %166, %170 : tensor<2x3xf32>
    %172 = stablehlo.multiply %171, %133 : tensor<2x3xf32>
    %173 = stablehlo.multiply %169, %133 : tensor<2x3xf32>
    %174 = stablehlo.multiply %171, %136 : tensor<2x3xf32>
    %175 = stablehlo.add %173, %174 : tensor<2x3xf32>
    %cst_17 = stablehlo.constant dense<0.0588235296> : tensor<f32>
    %176 = stablehlo.broadcast_in_dim %cst_17, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %177 = stablehlo.add %172, %176 : tensor<2x3xf32>
    %178 = stablehlo.multiply %177, %133 : tensor<2x3xf32>
    %179 = stablehlo.multiply %175, %133 : tensor<2x3xf32>
    %180 = stablehlo.multiply %177, %136 : tensor<2x3xf32>
    %181 = stablehlo.add %179, %180 : tensor<2x3xf32>
    %cst_18 = stablehlo.constant dense<0.0666666701> : tensor<f32>
    %182 = stablehlo.broadcast_in_dim %cst_18, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %183 = stablehlo.add %178, %182 : tensor<2x3xf32>
    %184 = stablehlo.multiply %183, %133 : tensor<2x3xf32>
    %185 = stablehlo.multiply %181, %133 : tensor<2x3xf32>
    %186 = stablehlo.multiply %183, %136 : tensor<2x3xf32>
    %187 = stablehlo.add %185, %186 : tensor<2x3xf32>
    %cst_19 = stablehlo.constant dense<0.0769230798> : tensor<f32>
    %188 = stablehlo.broadcast_in_dim %cst_19, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %189 = stablehlo.add %184, %188 : tensor<2x3xf32>
    %190 = stablehlo.multiply %189, %133 : tensor<2x3xf32>
    %191 = stablehlo.multiply %187, %133 : tensor<2x3xf32>
    %192 = stablehlo.multiply %189, %136 : tensor<2x3xf32>
    %193 = stablehlo.add %191, %192 : tensor<2x3xf32>
    %cst_20 = stablehlo.constant dense<0.0909090936> : tensor<f32>
    %194 = stablehlo.broadcast_in_dim %cst_20, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %195 = stablehlo.add %190, %194 : tensor<2x3xf32>
    %196 = stablehlo.multiply %195, %133 : tensor<2x3xf32>
    %197 = stablehlo.multiply %193, %133 : tensor<2x3xf32>
    %198 = stablehlo.multiply %195, %136 : tensor<2x3xf32>
    %199 = stablehlo.add %197, %198 : tensor<2x3xf32>
    %cst_21 = stablehlo.constant dense<0.111111112> : tensor<f32>
    %200 = stablehlo.broadcast_in_dim %cst_21, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %201 = stablehlo.add %196, %200 : tensor<2x3xf32>
    %202 = stablehlo.multiply %201, %133 : tensor<2x3xf32>
    %203 = stablehlo.multiply %199, %133 : tensor<2x3xf32>
    %204 = stablehlo.multiply %201, %136 : tensor<2x3xf32>
    %205 = stablehlo.add %203, %204 : tensor<2x3xf32>
    %cst_22 = stablehlo.constant dense<0.142857149> : tensor<f32>
    %206 = stablehlo.broadcast_in_dim %cst_22, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %207 = stablehlo.add %202, %206 : tensor<2x3xf32>
    %208 = stablehlo.multiply %207, %133 : tensor<2x3xf32>
    %209 = stablehlo.multiply %205, %133 : tensor<2x3xf32>
    %210 = stablehlo.multiply %207, %136 : tensor<2x3xf32>
    %211 = stablehlo.add %209, %210 : tensor<2x3xf32>
    %cst_23 = stablehlo.constant dense<2.000000e-01> : tensor<f32>
    %212 = stablehlo.broadcast_in_dim %cst_23, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %213 = stablehlo.add %208, %212 : tensor<2x3xf32>
    %214 = stablehlo.multiply %213, %133 : tensor<2x3xf32>
    %215 = stablehlo.multiply %211, %133 : tensor<2x3xf32>
    %216 = stablehlo.multiply %213, %136 : tensor<2x3xf32>
    %217 = stablehlo.add %215, %216 : tensor<2x3xf32>
    %cst_24 = stablehlo.constant dense<0.333333343> : tensor<f32>
    %218 = stablehlo.broadcast_in_dim %cst_24, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %219 = stablehlo.add %214, %218 : tensor<2x3xf32>
    %220 = stablehlo.multiply %119, %133 : tensor<2x3xf32>
    %221 = stablehlo.multiply %119, %136 : tensor<2x3xf32>
    %222 = stablehlo.multiply %220, %219 : tensor<2x3xf32>
    %223 = stablehlo.multiply %221, %219 : tensor<2x3xf32>
    %224 = stablehlo.multiply %220, %217 : tensor<2x3xf32>
    %225 = stablehlo.add %223, %224 : tensor<2x3xf32>
    %226 = stablehlo.subtract %222, %117 : tensor<2x3xf32>
    %227 = stablehlo.negate %118 : tensor<2x3xf32>
    %228 = stablehlo.add %225, %227 : tensor<2x3xf32>
    %229 = stablehlo.multiply %121, %226 : tensor<2x3xf32>
    %230 = stablehlo.multiply %132, %226 : tensor<2x3xf32>
    %231 = stablehlo.multiply %121, %228 : tensor<2x3xf32>
    %232 = stablehlo.add %230, %231 : tensor<2x3xf32>
    %233 = stablehlo.multiply %10, %229 : tensor<2x3xf32>
    %234 = stablehlo.multiply %14, %229 : tensor<2x3xf32>
    %235 = stablehlo.multiply %10, %232 : tensor<2x3xf32>
    %236 = stablehlo.add %234, %235 : tensor<2x3xf32>
    %237 = stablehlo.abs %99 : tensor<2x3xf32>
    %238 = stablehlo.sign %99 : tensor<2x3xf32>
    %239 = stablehlo.multiply %110, %238 : tensor<2x3xf32>
    %240 = stablehlo.compare LT, %237, %114, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %241 = stablehlo.log %12 : tensor<2x3xf32>
    %242 = stablehlo.log %10 : tensor<2x3xf32>
    %243 = stablehlo.divide %17, %10 : tensor<2x3xf32>
    %244 = stablehlo.compare EQ, %14, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %245 = stablehlo.multiply %14, %243 : tensor<2x3xf32>
    %246 = stablehlo.select %244, %0, %245 : tensor<2x3xi1>, tensor<2x3xf32>
    %247 = stablehlo.subtract %241, %242 : tensor<2x3xf32>
    %248 = stablehlo.negate %246 : tensor<2x3xf32>
    %249 = stablehlo.multiply %10, %247 : tensor<2x3xf32>
    %250 = stablehlo.multiply %14, %247 : tensor<2x3xf32>
    %251 = stablehlo.multiply %10, %248 : tensor<2x3xf32>
    %252 = stablehlo.add %250, %251 : tensor<2x3xf32>
    %253 = stablehlo.subtract %249, %97 : tensor<2x3xf32>
    %254 = stablehlo.negate %98 : tensor<2x3xf32>
    %255 = stablehlo.add %252, %254 : tensor<2x3xf32>
    %256 = stablehlo.select %240, %233, %253 : tensor<2x3xi1>, tensor<2x3xf32>
    %257 = stablehlo.select %240, %236, %255 : tensor<2x3xi1>, tensor<2x3xf32>
    %cst_25 = stablehlo.constant dense<6.28318548> : tensor<f32>
    %258 = stablehlo.broadcast_in_dim %cst_25, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %259 = stablehlo.divide %10, %258 : tensor<2x3xf32>
    %260 = stablehlo.divide %cst_2, %cst_25 : tensor<f32>
    %261 = stablehlo.compare EQ, %14, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %262 = stablehlo.broadcast_in_dim %260, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %263 = stablehlo.multiply %14, %262 : tensor<2x3xf32>
    %264 = stablehlo.select %261, %0, %263 : tensor<2x3xi1>, tensor<2x3xf32>
    %265 = stablehlo.log %259 : tensor<2x3xf32>
    %266 = stablehlo.divide %17, %259 : tensor<2x3xf32>
    %267 = stablehlo.compare EQ, %264, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %268 = stablehlo.multiply %264, %266 : tensor<2x3xf32>
    %269 = stablehlo.select %267, %0, %268 : tensor<2x3xi1>, tensor<2x3xf32>
    %270 = stablehlo.multiply %22, %265 : tensor<2x3xf32>
    %271 = stablehlo.multiply %22, %269 : tensor<2x3xf32>
    %272 = stablehlo.add %256, %270 : tensor<2x3xf32>
    %273 = stablehlo.add %257, %271 : tensor<2x3xf32>
    %cst_26 = stablehlo.constant dense<8.000000e+00> : tensor<f32>
    %274 = stablehlo.broadcast_in_dim %cst_26, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %275 = stablehlo.compare LT, %10, %274, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %276 = stablehlo.broadcast_in_dim %cst_26, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %277 = stablehlo.select %275, %276, %10 : tensor<2x3xi1>, tensor<2x3xf32>
    %278 = stablehlo.select %275, %0, %14 : tensor<2x3xi1>, tensor<2x3xf32>
    %279 = stablehlo.divide %17, %277 : tensor<2x3xf32>
    %280 = stablehlo.negate %cst_2 : tensor<f32>
    %281 = stablehlo.multiply %277, %277 : tensor<2x3xf32>
    %282 = stablehlo.broadcast_in_dim %280, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %283 = stablehlo.divide %282, %281 : tensor<2x3xf32>
    %284 = stablehlo.compare EQ, %278, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %285 = stablehlo.multiply %278, %283 : tensor<2x3xf32>
    %286 = stablehlo.select %284, %0, %285 : tensor<2x3xi1>, tensor<2x3xf32>
    %cst_27 = stablehlo.constant dense<-0.029550653> : tensor<f32>
    %287 = stablehlo.broadcast_in_dim %cst_27, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %288 = stablehlo.multiply %279, %279 : tensor<2x3xf32>
    %289 = stablehlo.multiply %286, %279 : tensor<2x3xf32>
    %290 = stablehlo.multiply %279, %286 : tensor<2x3xf32>
    %291 = stablehlo.add %289, %290 : tensor<2x3xf32>
    %292 = stablehlo.multiply %287, %288 : tensor<2x3xf32>
    %293 = stablehlo.multiply %287, %291 : tensor<2x3xf32>
    %cst_28 = stablehlo.constant dense<0.00641025649> : tensor<f32>
    %294 = stablehlo.broadcast_in_dim %cst_28, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %295 = stablehlo.add %292, %294 : tensor<2x3xf32>
    %296 = stablehlo.multiply %279, %279 : tensor<2x3xf32>
    %297 = stablehlo.multiply %286, %279 : tensor<2x3xf32>
    %298 = stablehlo.multiply %279, %286 : tensor<2x3xf32>
    %299 = stablehlo.add %297, %298 : tensor<2x3xf32>
    %300 = stablehlo.multiply %295, %296 : tensor<2x3xf32>
    %301 = stablehlo.multiply %293, %296 : tensor<2x3xf32>
    %302 = stablehlo.multiply %295, %299 : tensor<2x3xf32>
    %303 = stablehlo.add %301, %302 : tensor<2x3xf32>
    %cst_29 = stablehlo.constant dense<-0.00191752694> : tensor<f32>
    %304 = stablehlo.broadcast_in_dim %cst_29, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %305 = stablehlo.add %300, %304 : tensor<2x3xf32>
    %306 = stablehlo.multiply %279, %279 : tensor<2x3xf32>
    %307 = stablehlo.multiply %286, %279 : tensor<2x3xf32>
    %308 = stablehlo.multiply %279, %286 : tensor<2x3xf32>
    %309 = stablehlo.add %307, %308 : tensor<2x3xf32>
    %310 = stablehlo.multiply %305, %306 : tensor<2x3xf32>
    %311 = stablehlo.multiply %303, %306 : tensor<2x3xf32>
    %312 = stablehlo.multiply %305, %309 : tensor<2x3xf32>
    %313 = stablehlo.add %311, %312 : tensor<2x3xf32>
    %cst_30 = stablehlo.constant dense<8.41750822E-4> : tensor<f32>
    %314 = stablehlo.broadcast_in_dim %cst_30, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %315 = stablehlo.add %310, %314 : tensor<2x3xf32>
    %316 = stablehlo.multiply %279, %279 : tensor<2x3xf32>
    %317 = stablehlo.multiply %286, %279 : tensor<2x3xf32>
    %318 = stablehlo.multiply %279, %286 : tensor<2x3xf32>
    %319 = stablehlo.add %317, %318 : tensor<2x3xf32>
    %320 = stablehlo.multiply %315, %316 : tensor<2x3xf32>
    %321 = stablehlo.multiply %313, %316 : tensor<2x3xf32>
    %322 = stablehlo.multiply %315, %319 : tensor<2x3xf32>
    %323 = stablehlo.add %321, %322 : tensor<2x3xf32>
    %cst_31 = stablehlo.constant dense<-5.95238118E-4> : tensor<f32>
    %324 = stablehlo.broadcast_in_dim %cst_31, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %325 = stablehlo.add %320, %324 : tensor<2x3xf32>
    %326 = stablehlo.multiply %279, %279 : tensor<2x3xf32>
    %327 = stablehlo.multiply %286, %279 : tensor<2x3xf32>
    %328 = stablehlo.multiply %279, %286 : tensor<2x3xf32>
    %329 = stablehlo.add %327, %328 : tensor<2x3xf32>
    %330 = stablehlo.multiply %325, %326 : tensor<2x3xf32>
    %331 = stablehlo.multiply %323, %326 : tensor<2x3xf32>
    %332 = stablehlo.multiply %325, %329 : tensor<2x3xf32>
    %333 = stablehlo.add %331, %332 : tensor<2x3xf32>
    %cst_32 = stablehlo.constant dense<7.93650805E-4> : tensor<f32>
    %334 = stablehlo.broadcast_in_dim %cst_32, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %335 = stablehlo.add %330, %334 : tensor<2x3xf32>
    %336 = stablehlo.multiply %279, %279 : tensor<2x3xf32>
    %337 = stablehlo.multiply %286, %279 : tensor<2x3xf32>
    %338 = stablehlo.multiply %279, %286 : tensor<2x3xf32>
    %339 = stablehlo.add %337, %338 : tensor<2x3xf32>
    %340 = stablehlo.multiply %335, %336 : tensor<2x3xf32>
    %341 = stablehlo.multiply %333, %336 : tensor<2x3xf32>
    %342 = stablehlo.multiply %335, %339 : tensor<2x3xf32>
    %343 = stablehlo.add %341, %342 : tensor<2x3xf32>
    %cst_33 = stablehlo.constant dense<-0.00277777785> : tensor<f32>
    %344 = stablehlo.broadcast_in_dim %cst_33, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %345 = stablehlo.add %340, %344 : tensor<2x3xf32>
    %346 = stablehlo.multiply %279, %279 : tensor<2x3xf32>
    %347 = stablehlo.multiply %286, %279 : tensor<2x3xf32>
    %348 = stablehlo.multiply %279, %286 : tensor<2x3xf32>
    %349 = stablehlo.add %347, %348 : tensor<2x3xf32>
    %350 = stablehlo.multiply %345, %346 : tensor<2x3xf32>
    %351 = stablehlo.multiply %343, %346 : tensor<2x3xf32>
    %352 = stablehlo.multiply %345, %349 : tensor<2x3xf32>
    %353 = stablehlo.add %351, %352 : tensor<2x3xf32>
    %cst_34 = stablehlo.constant dense<0.0833333358> : tensor<f32>
    %354 = stablehlo.broadcast_in_dim %cst_34, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %355 = stablehlo.add %350, %354 : tensor<2x3xf32>
    %356 = chlo.lgamma %10 : tensor<2x3xf32> -> tensor<2x3xf32>
    %357 = chlo.digamma %10 : tensor<2x3xf32> -> tensor<2x3xf32>
    %358 = stablehlo.compare EQ, %14, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %359 = stablehlo.multiply %14, %357 : tensor<2x3xf32>
    %360 = stablehlo.select %358, %0, %359 : tensor<2x3xi1>, tensor<2x3xf32>
    %361 = stablehlo.subtract %10, %22 : tensor<2x3xf32>
    %362 = stablehlo.log %10 : tensor<2x3xf32>
    %363 = stablehlo.divide %17, %10 : tensor<2x3xf32>
    %364 = stablehlo.compare EQ, %14, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %365 = stablehlo.multiply %14, %363 : tensor<2x3xf32>
    %366 = stablehlo.select %364, %0, %365 : tensor<2x3xi1>, tensor<2x3xf32>
    %367 = stablehlo.multiply %361, %362 : tensor<2x3xf32>
    %368 = stablehlo.multiply %14, %362 : tensor<2x3xf32>
    %369 = stablehlo.multiply %361, %366 : tensor<2x3xf32>
    %370 = stablehlo.add %368, %369 : tensor<2x3xf32>
    %371 = stablehlo.subtract %356, %367 : tensor<2x3xf32>
    %372 = stablehlo.negate %370 : tensor<2x3xf32>
    %373 = stablehlo.add %360, %372 : tensor<2x3xf32>
    %374 = stablehlo.add %371, %10 : tensor<2x3xf32>
    %375 = stablehlo.add %373, %14 : tensor<2x3xf32>
    %cst_35 = stablehlo.constant dense<0.918938517> : tensor<f32>
    %376 = stablehlo.broadcast_in_dim %cst_35, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %377 = stablehlo.subtract %374, %376 : tensor<2x3xf32>
    %378 = stablehlo.compare LT, %10, %274, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %379 = stablehlo.multiply %355, %279 : tensor<2x3xf32>
    %380 = stablehlo.multiply %353, %279 : tensor<2x3xf32>
    %381 = stablehlo.multiply %355, %286 : tensor<2x3xf32>
    %382 = stablehlo.add %380, %381 : tensor<2x3xf32>
    %383 = stablehlo.select %378, %377, %379 : tensor<2x3xi1>, tensor<2x3xf32>
    %384 = stablehlo.select %378, %375, %382 : tensor<2x3xi1>, tensor<2x3xf32>
    %385 = stablehlo.subtract %272, %383 : tensor<2x3xf32>
    %386 = stablehlo.negate %384 : tensor<2x3xf32>
    %387 = stablehlo.add %273, %386 : tensor<2x3xf32>
    %388 = stablehlo.select %27, %37, %96#2 : tensor<2x3xi1>, tensor<2x3xf32>
    %389 = stablehlo.select %27, %48, %96#5 : tensor<2x3xi1>, tensor<2x3xf32>
    %390 = stablehlo.multiply %388, %387 : tensor<2x3xf32>
    %391 = stablehlo.add %390, %389 : tensor<2x3xf32>
    %392 = stablehlo.negate %391 : tensor<2x3xf32>
    %393 = stablehlo.select %27, %391, %392 : tensor<2x3xi1>, tensor<2x3xf32>
    %394 = stablehlo.multiply %13, %393 : tensor<2x3xf32>
    %395 = stablehlo.compare EQ, %arg1, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %396 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %397 = stablehlo.select %395, %396, %394 : tensor<2x3xi1>, tensor<2x3xf32>
    %398 = stablehlo.compare EQ, %arg1, %4, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %399 = stablehlo.compare EQ, %arg0, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %400 = stablehlo.or %398, %399 : tensor<2x3xi1>
    %401 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %402 = stablehlo.select %400, %401, %397 : tensor<2x3xi1>, tensor<2x3xf32>
    %403 = stablehlo.compare LT, %arg1, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %404 = stablehlo.compare LT, %arg0, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %405 = stablehlo.or %403, %404 : tensor<2x3xi1>
    %406 = stablehlo.compare NE, %arg1, %arg1, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %407 = stablehlo.or %405, %406 : tensor<2x3xi1>
    %408 = stablehlo.compare NE, %arg0, %arg0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %409 = stablehlo.or %407, %408 : tensor<2x3xi1>
    %410 = stablehlo.compare EQ, %arg0, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %411 = stablehlo.compare EQ, %arg1, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %412 = stablehlo.and %410, %411 : tensor<2x3xi1>
    %413 = stablehlo.or %409, %412 : tensor<2x3xi1>
    %cst_36 = stablehlo.constant dense<0x7FC00000> : tensor<f32>
    %414 = stablehlo.broadcast_in_dim %cst_36, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %415 = stablehlo.select %413, %414, %402 : tensor<2x3xi1>, tensor<2x3xf32>
    return %415 : tensor<2x3xf32>
  }
}
