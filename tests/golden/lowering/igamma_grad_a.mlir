module @jib_igamma_grad_a {
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
    %cst_2 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %13 = stablehlo.broadcast_in_dim %cst_2, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %cst_3 = stablehlo.constant dense<2.500000e-01> : tensor<f32>
    %14 = stablehlo.broadcast_in_dim %cst_3, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %15 = stablehlo.add %10, %14 : tensor<2x3xf32>
    %16 = stablehlo.broadcast_in_dim %cst_2, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %17 = stablehlo.minimum %15, %16 : tensor<2x3xf32>
    %18 = stablehlo.compare LT, %15, %16, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %19 = stablehlo.select %18, %16, %0 : tensor<2x3xi1>, tensor<2x3xf32>
    %20 = stablehlo.compare EQ, %15, %16, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %21 = stablehlo.broadcast_in_dim %cst_1, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %22 = stablehlo.select %20, %21, %19 : tensor<2x3xi1>, tensor<2x3xf32>
    %23 = stablehlo.multiply %13, %22 : tensor<2x3xf32>
    %24 = stablehlo.add %10, %17 : tensor<2x3xf32>
    %25 = stablehlo.add %13, %23 : tensor<2x3xf32>
    %26 = stablehlo.compare LT, %12, %24, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %27 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %28 = stablehlo.select %26, %12, %27 : tensor<2x3xi1>, tensor<2x3xf32>
    %29 = stablehlo.broadcast_in_dim %cst_2, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %30 = stablehlo.abs %29 : tensor<2x3xf32>
    %31 = stablehlo.broadcast_in_dim %cst_2, dims = [] : (tensor<f32>) -> tensor<f32>
    %c = stablehlo.constant dense<true> : tensor<i1>
    %32 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<i1>) -> tensor<2x3xi1>
    %33 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %34 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %35:6 = stablehlo.while(%iterArg = %32, %iterArg_37 = %31, %iterArg_38 = %29, %iterArg_39 = %29, %iterArg_40 = %33, %iterArg_41 = %34) : tensor<2x3xi1>, tensor<f32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>
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
      %418 = stablehlo.divide %28, %417 : tensor<2x3xf32>
      %419 = stablehlo.negate %28 : tensor<2x3xf32>
      %420 = stablehlo.multiply %417, %417 : tensor<2x3xf32>
      %421 = stablehlo.divide %419, %420 : tensor<2x3xf32>
      %cst_42 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
      %422 = stablehlo.broadcast_in_dim %cst_42, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
      %423 = stablehlo.compare EQ, %13, %422, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
      %424 = stablehlo.multiply %13, %421 : tensor<2x3xf32>
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
    %36 = stablehlo.divide %35#2, %10 : tensor<2x3xf32>
    %37 = stablehlo.divide %16, %10 : tensor<2x3xf32>
    %38 = stablehlo.compare EQ, %35#4, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %39 = stablehlo.multiply %35#4, %37 : tensor<2x3xf32>
    %40 = stablehlo.select %38, %0, %39 : tensor<2x3xi1>, tensor<2x3xf32>
    %41 = stablehlo.negate %35#2 : tensor<2x3xf32>
    %42 = stablehlo.multiply %10, %10 : tensor<2x3xf32>
    %43 = stablehlo.divide %41, %42 : tensor<2x3xf32>
    %44 = stablehlo.compare EQ, %13, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %45 = stablehlo.multiply %13, %43 : tensor<2x3xf32>
    %46 = stablehlo.select %44, %0, %45 : tensor<2x3xi1>, tensor<2x3xf32>
    %47 = stablehlo.add %40, %46 : tensor<2x3xf32>
    %cst_4 = stablehlo.constant dense<3.000000e+00> : tensor<f32>
    %48 = stablehlo.broadcast_in_dim %cst_4, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %49 = stablehlo.select %26, %48, %12 : tensor<2x3xi1>, tensor<2x3xf32>
    %50 = stablehlo.broadcast_in_dim %cst_2, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %51 = stablehlo.select %26, %50, %10 : tensor<2x3xi1>, tensor<2x3xf32>
    %52 = stablehlo.select %26, %0, %13 : tensor<2x3xi1>, tensor<2x3xf32>
    %53 = stablehlo.sqrt %51 : tensor<2x3xf32>
    %54 = stablehlo.divide %21, %53 : tensor<2x3xf32>
    %55 = stablehlo.compare EQ, %52, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %56 = stablehlo.multiply %52, %54 : tensor<2x3xf32>
    %57 = stablehlo.select %55, %0, %56 : tensor<2x3xi1>, tensor<2x3xf32>
    %cst_5 = stablehlo.constant dense<6.000000e+00> : tensor<f32>
    %58 = stablehlo.broadcast_in_dim %cst_5, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %59 = stablehlo.multiply %58, %53 : tensor<2x3xf32>
    %60 = stablehlo.multiply %58, %57 : tensor<2x3xf32>
    %cst_6 = stablehlo.constant dense<18.7676964> : tensor<f32>
    %61 = stablehlo.broadcast_in_dim %cst_6, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %62 = stablehlo.divide %61, %49 : tensor<2x3xf32>
    %63 = stablehlo.add %59, %62 : tensor<2x3xf32>
    %64 = stablehlo.add %49, %16 : tensor<2x3xf32>
    %65 = stablehlo.subtract %64, %51 : tensor<2x3xf32>
    %66 = stablehlo.negate %52 : tensor<2x3xf32>
    %67 = stablehlo.abs %65 : tensor<2x3xf32>
    %68 = stablehlo.sign %65 : tensor<2x3xf32>
    %69 = stablehlo.multiply %66, %68 : tensor<2x3xf32>
    %cst_7 = stablehlo.constant dense<9.86076131E-32> : tensor<f32>
    %70 = stablehlo.broadcast_in_dim %cst_7, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %71 = stablehlo.compare LT, %67, %70, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %72 = stablehlo.broadcast_in_dim %cst_7, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %73 = stablehlo.select %71, %72, %65 : tensor<2x3xi1>, tensor<2x3xf32>
    %74 = stablehlo.select %71, %0, %66 : tensor<2x3xi1>, tensor<2x3xf32>
    %75 = stablehlo.divide %16, %73 : tensor<2x3xf32>
    %76 = stablehlo.negate %cst_2 : tensor<f32>
    %77 = stablehlo.multiply %73, %73 : tensor<2x3xf32>
    %78 = stablehlo.broadcast_in_dim %76, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %79 = stablehlo.divide %78, %77 : tensor<2x3xf32>
    %80 = stablehlo.compare EQ, %74, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %81 = stablehlo.multiply %74, %79 : tensor<2x3xf32>
    %82 = stablehlo.select %80, %0, %81 : tensor<2x3xi1>, tensor<2x3xf32>
    %83 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %84 = stablehlo.abs %83 : tensor<2x3xf32>
    %85 = stablehlo.compare LT, %84, %70, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %86 = stablehlo.broadcast_in_dim %cst_7, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %87 = stablehlo.select %85, %86, %83 : tensor<2x3xi1>, tensor<2x3xf32>
    %88 = stablehlo.divide %16, %87 : tensor<2x3xf32>
    %89 = stablehlo.abs %75 : tensor<2x3xf32>
    %90 = stablehlo.sign %75 : tensor<2x3xf32>
    %91 = stablehlo.multiply %82, %90 : tensor<2x3xf32>
    %92 = stablehlo.broadcast_in_dim %cst_2, dims = [] : (tensor<f32>) -> tensor<f32>
    %93 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<i1>) -> tensor<2x3xi1>
    %94 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %95:8 = stablehlo.while(%iterArg = %93, %iterArg_37 = %92, %iterArg_38 = %75, %iterArg_39 = %88, %iterArg_40 = %75, %iterArg_41 = %82, %iterArg_42 = %94, %iterArg_43 = %82) : tensor<2x3xi1>, tensor<f32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>
    cond {
      %c_44 = stablehlo.constant dense<false> : tensor<i1>
      %416 = stablehlo.reduce(%iterArg init: %c_44) applies stablehlo.or across dimensions = [0, 1] : (tensor<2x3xi1>, tensor<i1>) -> tensor<i1>
      %cst_45 = stablehlo.constant dense<2.000000e+04> : tensor<f32>
      %417 = stablehlo.compare LT, %iterArg_37, %cst_45, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
      %418 = stablehlo.and %416, %417 : tensor<i1>
      stablehlo.return %418 : tensor<i1>
    } do {
      %416 = stablehlo.broadcast_in_dim %iterArg_37, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
      %417 = stablehlo.subtract %51, %416 : tensor<2x3xf32>
      %418 = stablehlo.multiply %416, %417 : tensor<2x3xf32>
      %419 = stablehlo.multiply %416, %52 : tensor<2x3xf32>
      %cst_44 = stablehlo.constant dense<2.000000e+00> : tensor<f32>
      %420 = stablehlo.multiply %cst_44, %iterArg_37 : tensor<f32>
      %cst_45 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
      %421 = stablehlo.add %420, %cst_45 : tensor<f32>
      %422 = stablehlo.broadcast_in_dim %421, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
      %423 = stablehlo.add %49, %422 : tensor<2x3xf32>
      %424 = stablehlo.subtract %423, %51 : tensor<2x3xf32>
      %425 = stablehlo.negate %52 : tensor<2x3xf32>
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
      %491 = stablehlo.compare LT, %416, %63, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
      %492 = stablehlo.or %480, %491 : tensor<2x3xi1>
      %493 = stablehlo.and %iterArg, %492 : tensor<2x3xi1>
      %494 = stablehlo.add %iterArg_37, %cst_45 : tensor<f32>
      stablehlo.return %493, %494, %485, %487, %489, %486, %488, %490 : tensor<2x3xi1>, tensor<f32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>
    }
    %96 = stablehlo.subtract %12, %10 : tensor<2x3xf32>
    %97 = stablehlo.negate %13 : tensor<2x3xf32>
    %98 = stablehlo.divide %96, %10 : tensor<2x3xf32>
    %99 = stablehlo.divide %16, %10 : tensor<2x3xf32>
    %100 = stablehlo.compare EQ, %97, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %101 = stablehlo.multiply %97, %99 : tensor<2x3xf32>
    %102 = stablehlo.select %100, %0, %101 : tensor<2x3xi1>, tensor<2x3xf32>
    %103 = stablehlo.negate %96 : tensor<2x3xf32>
    %104 = stablehlo.multiply %10, %10 : tensor<2x3xf32>
    %105 = stablehlo.divide %103, %104 : tensor<2x3xf32>
    %106 = stablehlo.compare EQ, %13, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %107 = stablehlo.multiply %13, %105 : tensor<2x3xf32>
    %108 = stablehlo.select %106, %0, %107 : tensor<2x3xi1>, tensor<2x3xf32>
    %109 = stablehlo.add %102, %108 : tensor<2x3xf32>
    %110 = stablehlo.abs %98 : tensor<2x3xf32>
    %111 = stablehlo.sign %98 : tensor<2x3xf32>
    %112 = stablehlo.multiply %109, %111 : tensor<2x3xf32>
    %cst_8 = stablehlo.constant dense<4.000000e-01> : tensor<f32>
    %113 = stablehlo.broadcast_in_dim %cst_8, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %114 = stablehlo.compare LT, %110, %113, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %115 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %116 = stablehlo.select %114, %98, %115 : tensor<2x3xi1>, tensor<2x3xf32>
    %117 = stablehlo.select %114, %109, %0 : tensor<2x3xi1>, tensor<2x3xf32>
    %cst_9 = stablehlo.constant dense<2.000000e+00> : tensor<f32>
    %118 = stablehlo.broadcast_in_dim %cst_9, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %119 = stablehlo.add %116, %118 : tensor<2x3xf32>
    %120 = stablehlo.divide %116, %119 : tensor<2x3xf32>
    %121 = stablehlo.divide %16, %119 : tensor<2x3xf32>
    %122 = stablehlo.compare EQ, %117, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %123 = stablehlo.multiply %117, %121 : tensor<2x3xf32>
    %124 = stablehlo.select %122, %0, %123 : tensor<2x3xi1>, tensor<2x3xf32>
    %125 = stablehlo.negate %116 : tensor<2x3xf32>
    %126 = stablehlo.multiply %119, %119 : tensor<2x3xf32>
    %127 = stablehlo.divide %125, %126 : tensor<2x3xf32>
    %128 = stablehlo.compare EQ, %117, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %129 = stablehlo.multiply %117, %127 : tensor<2x3xf32>
    %130 = stablehlo.select %128, %0, %129 : tensor<2x3xi1>, tensor<2x3xf32>
    %131 = stablehlo.add %124, %130 : tensor<2x3xf32>
    %132 = stablehlo.multiply %120, %120 : tensor<2x3xf32>
    %133 = stablehlo.multiply %131, %120 : tensor<2x3xf32>
    %134 = stablehlo.multiply %120, %131 : tensor<2x3xf32>
    %135 = stablehlo.add %133, %134 : tensor<2x3xf32>
    %cst_10 = stablehlo.constant dense<0.0322580636> : tensor<f32>
    %136 = stablehlo.broadcast_in_dim %cst_10, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %137 = stablehlo.multiply %136, %132 : tensor<2x3xf32>
    %138 = stablehlo.multiply %136, %135 : tensor<2x3xf32>
    %cst_11 = stablehlo.constant dense<0.0344827585> : tensor<f32>
    %139 = stablehlo.broadcast_in_dim %cst_11, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %140 = stablehlo.add %137, %139 : tensor<2x3xf32>
    %141 = stablehlo.multiply %140, %132 : tensor<2x3xf32>
    %142 = stablehlo.multiply %138, %132 : tensor<2x3xf32>
    %143 = stablehlo.multiply %140, %135 : tensor<2x3xf32>
    %144 = stablehlo.add %142, %143 : tensor<2x3xf32>
    %cst_12 = stablehlo.constant dense<0.0370370373> : tensor<f32>
    %145 = stablehlo.broadcast_in_dim %cst_12, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %146 = stablehlo.add %141, %145 : tensor<2x3xf32>
    %147 = stablehlo.multiply %146, %132 : tensor<2x3xf32>
    %148 = stablehlo.multiply %144, %132 : tensor<2x3xf32>
    %149 = stablehlo.multiply %146, %135 : tensor<2x3xf32>
    %150 = stablehlo.add %148, %149 : tensor<2x3xf32>
    %cst_13 = stablehlo.constant dense<4.000000e-02> : tensor<f32>
    %151 = stablehlo.broadcast_in_dim %cst_13, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %152 = stablehlo.add %147, %151 : tensor<2x3xf32>
    %153 = stablehlo.multiply %152, %132 : tensor<2x3xf32>
    %154 = stablehlo.multiply %150, %132 : tensor<2x3xf32>
    %155 = stablehlo.multiply %152, %135 : tensor<2x3xf32>
    %156 = stablehlo.add %154, %155 : tensor<2x3xf32>
    %cst_14 = stablehlo.constant dense<0.0434782617> : tensor<f32>
    %157 = stablehlo.broadcast_in_dim %cst_14, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %158 = stablehlo.add %153, %157 : tensor<2x3xf32>
    %159 = stablehlo.multiply %158, %132 : tensor<2x3xf32>
    %160 = stablehlo.multiply %156, %132 : tensor<2x3xf32>
    %161 = stablehlo.multiply %158, %135 : tensor<2x3xf32>
    %162 = stablehlo.add %160, %161 : tensor<2x3xf32>
    %cst_15 = stablehlo.constant dense<0.0476190485> : tensor<f32>
    %163 = stablehlo.broadcast_in_dim %cst_15, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %164 = stablehlo.add %159, %163 : tensor<2x3xf32>
    %165 = stablehlo.multiply %164, %132 : tensor<2x3xf32>
    %166 = stablehlo.multiply %162, %132 : tensor<2x3xf32>
    %167 = stablehlo.multiply %164, %135 : tensor<2x3xf32>
    %168 = stablehlo.add %166, %167 : tensor<2x3xf32>
    %cst_16 = stablehlo.constant dense<0.0526315793> : tensor<f32>
    %169 = stablehlo.broadcast_in_dim %cst_16, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %170 = stablehlo.add %165, %169 : tensor<2x3xf32>
    %171 = stablehlo.multiply %170, %132 : tensor<2x3xf32>
    %172 = stablehlo.multiply %168, %132 : tensor<2x3xf32>
    %173 = stablehlo.multiply %170, %135 : tensor<2x3xf32>
    %174 = stablehlo.add %172, %173 : tensor<2x3xf32>
    %cst_17 = stablehlo.constant dense<0.0588235296> : tensor<f32>
    %175 = stablehlo.broadcast_in_dim %cst_17, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %176 = stablehlo.add %171, %175 : tensor<2x3xf32>
    %177 = stablehlo.multiply %176, %132 : tensor<2x3xf32>
    %178 = stablehlo.multiply %174, %132 : tensor<2x3xf32>
    %179 = stablehlo.multiply %176, %135 : tensor<2x3xf32>
    %180 = stablehlo.add %178, %179 : tensor<2x3xf32>
    %cst_18 = stablehlo.constant dense<0.0666666701> : tensor<f32>
    %181 = stablehlo.broadcast_in_dim %cst_18, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %182 = stablehlo.add %177, %181 : tensor<2x3xf32>
    %183 = stablehlo.multiply %182, %132 : tensor<2x3xf32>
    %184 = stablehlo.multiply %180, %132 : tensor<2x3xf32>
    %185 = stablehlo.multiply %182, %135 : tensor<2x3xf32>
    %186 = stablehlo.add %184, %185 : tensor<2x3xf32>
    %cst_19 = stablehlo.constant dense<0.0769230798> : tensor<f32>
    %187 = stablehlo.broadcast_in_dim %cst_19, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %188 = stablehlo.add %183, %187 : tensor<2x3xf32>
    %189 = stablehlo.multiply %188, %132 : tensor<2x3xf32>
    %190 = stablehlo.multiply %186, %132 : tensor<2x3xf32>
    %191 = stablehlo.multiply %188, %135 : tensor<2x3xf32>
    %192 = stablehlo.add %190, %191 : tensor<2x3xf32>
    %cst_20 = stablehlo.constant dense<0.0909090936> : tensor<f32>
    %193 = stablehlo.broadcast_in_dim %cst_20, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %194 = stablehlo.add %189, %193 : tensor<2x3xf32>
    %195 = stablehlo.multiply %194, %132 : tensor<2x3xf32>
    %196 = stablehlo.multiply %192, %132 : tensor<2x3xf32>
    %197 = stablehlo.multiply %194, %135 : tensor<2x3xf32>
    %198 = stablehlo.add %196, %197 : tensor<2x3xf32>
    %cst_21 = stablehlo.constant dense<0.111111112> : tensor<f32>
    %199 = stablehlo.broadcast_in_dim %cst_21, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %200 = stablehlo.add %195, %199 : tensor<2x3xf32>
    %201 = stablehlo.multiply %200, %132 : tensor<2x3xf32>
    %202 = stablehlo.multiply %198, %132 : tensor<2x3xf32>
    %203 = stablehlo.multiply %200, %135 : tensor<2x3xf32>
    %204 = stablehlo.add %202, %203 : tensor<2x3xf32>
    %cst_22 = stablehlo.constant dense<0.142857149> : tensor<f32>
    %205 = stablehlo.broadcast_in_dim %cst_22, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %206 = stablehlo.add %201, %205 : tensor<2x3xf32>
    %207 = stablehlo.multiply %206, %132 : tensor<2x3xf32>
    %208 = stablehlo.multiply %204, %132 : tensor<2x3xf32>
    %209 = stablehlo.multiply %206, %135 : tensor<2x3xf32>
    %210 = stablehlo.add %208, %209 : tensor<2x3xf32>
    %cst_23 = stablehlo.constant dense<2.000000e-01> : tensor<f32>
    %211 = stablehlo.broadcast_in_dim %cst_23, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %212 = stablehlo.add %207, %211 : tensor<2x3xf32>
    %213 = stablehlo.multiply %212, %132 : tensor<2x3xf32>
    %214 = stablehlo.multiply %210, %132 : tensor<2x3xf32>
    %215 = stablehlo.multiply %212, %135 : tensor<2x3xf32>
    %216 = stablehlo.add %214, %215 : tensor<2x3xf32>
    %cst_24 = stablehlo.constant dense<0.333333343> : tensor<f32>
    %217 = stablehlo.broadcast_in_dim %cst_24, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %218 = stablehlo.add %213, %217 : tensor<2x3xf32>
    %219 = stablehlo.multiply %118, %132 : tensor<2x3xf32>
    %220 = stablehlo.multiply %118, %135 : tensor<2x3xf32>
    %221 = stablehlo.multiply %219, %218 : tensor<2x3xf32>
    %222 = stablehlo.multiply %220, %218 : tensor<2x3xf32>
    %223 = stablehlo.multiply %219, %216 : tensor<2x3xf32>
    %224 = stablehlo.add %222, %223 : tensor<2x3xf32>
    %225 = stablehlo.subtract %221, %116 : tensor<2x3xf32>
    %226 = stablehlo.negate %117 : tensor<2x3xf32>
    %227 = stablehlo.add %224, %226 : tensor<2x3xf32>
    %228 = stablehlo.multiply %120, %225 : tensor<2x3xf32>
    %229 = stablehlo.multiply %131, %225 : tensor<2x3xf32>
    %230 = stablehlo.multiply %120, %227 : tensor<2x3xf32>
    %231 = stablehlo.add %229, %230 : tensor<2x3xf32>
    %232 = stablehlo.multiply %10, %228 : tensor<2x3xf32>
    %233 = stablehlo.multiply %13, %228 : tensor<2x3xf32>
    %234 = stablehlo.multiply %10, %231 : tensor<2x3xf32>
    %235 = stablehlo.add %233, %234 : tensor<2x3xf32>
    %236 = stablehlo.abs %98 : tensor<2x3xf32>
    %237 = stablehlo.sign %98 : tensor<2x3xf32>
    %238 = stablehlo.multiply %109, %237 : tensor<2x3xf32>
    %239 = stablehlo.compare LT, %236, %113, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %240 = stablehlo.log %12 : tensor<2x3xf32>
    %241 = stablehlo.log %10 : tensor<2x3xf32>
    %242 = stablehlo.divide %16, %10 : tensor<2x3xf32>
    %243 = stablehlo.compare EQ, %13, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %244 = stablehlo.multiply %13, %242 : tensor<2x3xf32>
    %245 = stablehlo.select %243, %0, %244 : tensor<2x3xi1>, tensor<2x3xf32>
    %246 = stablehlo.subtract %240, %241 : tensor<2x3xf32>
    %247 = stablehlo.negate %245 : tensor<2x3xf32>
    %248 = stablehlo.multiply %10, %246 : tensor<2x3xf32>
    %249 = stablehlo.multiply %13, %246 : tensor<2x3xf32>
    %250 = stablehlo.multiply %10, %247 : tensor<2x3xf32>
    %251 = stablehlo.add %249, %250 : tensor<2x3xf32>
    %252 = stablehlo.subtract %248, %96 : tensor<2x3xf32>
    %253 = stablehlo.negate %97 : tensor<2x3xf32>
    %254 = stablehlo.add %251, %253 : tensor<2x3xf32>
    %255 = stablehlo.select %239, %232, %252 : tensor<2x3xi1>, tensor<2x3xf32>
    %256 = stablehlo.select %239, %235, %254 : tensor<2x3xi1>, tensor<2x3xf32>
    %cst_25 = stablehlo.constant dense<6.28318548> : tensor<f32>
    %257 = stablehlo.broadcast_in_dim %cst_25, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %258 = stablehlo.divide %10, %257 : tensor<2x3xf32>
    %259 = stablehlo.divide %cst_2, %cst_25 : tensor<f32>
    %260 = stablehlo.compare EQ, %13, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %261 = stablehlo.broadcast_in_dim %259, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %262 = stablehlo.multiply %13, %261 : tensor<2x3xf32>
    %263 = stablehlo.select %260, %0, %262 : tensor<2x3xi1>, tensor<2x3xf32>
    %264 = stablehlo.log %258 : tensor<2x3xf32>
    %265 = stablehlo.divide %16, %258 : tensor<2x3xf32>
    %266 = stablehlo.compare EQ, %263, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %267 = stablehlo.multiply %263, %265 : tensor<2x3xf32>
    %268 = stablehlo.select %266, %0, %267 : tensor<2x3xi1>, tensor<2x3xf32>
    %269 = stablehlo.multiply %21, %264 : tensor<2x3xf32>
    %270 = stablehlo.multiply %21, %268 : tensor<2x3xf32>
    %271 = stablehlo.add %255, %269 : tensor<2x3xf32>
    %272 = stablehlo.add %256, %270 : tensor<2x3xf32>
    %cst_26 = stablehlo.constant dense<8.000000e+00> : tensor<f32>
    %273 = stablehlo.broadcast_in_dim %cst_26, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %274 = stablehlo.compare LT, %10, %273, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %275 = stablehlo.broadcast_in_dim %cst_26, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %276 = stablehlo.select %274, %275, %10 : tensor<2x3xi1>, tensor<2x3xf32>
    %277 = stablehlo.select %274, %0, %13 : tensor<2x3xi1>, tensor<2x3xf32>
    %278 = stablehlo.divide %16, %276 : tensor<2x3xf32>
    %279 = stablehlo.negate %cst_2 : tensor<f32>
    %280 = stablehlo.multiply %276, %276 : tensor<2x3xf32>
    %281 = stablehlo.broadcast_in_dim %279, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %282 = stablehlo.divide %281, %280 : tensor<2x3xf32>
    %283 = stablehlo.compare EQ, %277, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %284 = stablehlo.multiply %277, %282 : tensor<2x3xf32>
    %285 = stablehlo.select %283, %0, %284 : tensor<2x3xi1>, tensor<2x3xf32>
    %cst_27 = stablehlo.constant dense<-0.029550653> : tensor<f32>
    %286 = stablehlo.broadcast_in_dim %cst_27, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %287 = stablehlo.multiply %278, %278 : tensor<2x3xf32>
    %288 = stablehlo.multiply %285, %278 : tensor<2x3xf32>
    %289 = stablehlo.multiply %278, %285 : tensor<2x3xf32>
    %290 = stablehlo.add %288, %289 : tensor<2x3xf32>
    %291 = stablehlo.multiply %286, %287 : tensor<2x3xf32>
    %292 = stablehlo.multiply %286, %290 : tensor<2x3xf32>
    %cst_28 = stablehlo.constant dense<0.00641025649> : tensor<f32>
    %293 = stablehlo.broadcast_in_dim %cst_28, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %294 = stablehlo.add %291, %293 : tensor<2x3xf32>
    %295 = stablehlo.multiply %278, %278 : tensor<2x3xf32>
    %296 = stablehlo.multiply %285, %278 : tensor<2x3xf32>
    %297 = stablehlo.multiply %278, %285 : tensor<2x3xf32>
    %298 = stablehlo.add %296, %297 : tensor<2x3xf32>
    %299 = stablehlo.multiply %294, %295 : tensor<2x3xf32>
    %300 = stablehlo.multiply %292, %295 : tensor<2x3xf32>
    %301 = stablehlo.multiply %294, %298 : tensor<2x3xf32>
    %302 = stablehlo.add %300, %301 : tensor<2x3xf32>
    %cst_29 = stablehlo.constant dense<-0.00191752694> : tensor<f32>
    %303 = stablehlo.broadcast_in_dim %cst_29, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %304 = stablehlo.add %299, %303 : tensor<2x3xf32>
    %305 = stablehlo.multiply %278, %278 : tensor<2x3xf32>
    %306 = stablehlo.multiply %285, %278 : tensor<2x3xf32>
    %307 = stablehlo.multiply %278, %285 : tensor<2x3xf32>
    %308 = stablehlo.add %306, %307 : tensor<2x3xf32>
    %309 = stablehlo.multiply %304, %305 : tensor<2x3xf32>
    %310 = stablehlo.multiply %302, %305 : tensor<2x3xf32>
    %311 = stablehlo.multiply %304, %308 : tensor<2x3xf32>
    %312 = stablehlo.add %310, %311 : tensor<2x3xf32>
    %cst_30 = stablehlo.constant dense<8.41750822E-4> : tensor<f32>
    %313 = stablehlo.broadcast_in_dim %cst_30, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %314 = stablehlo.add %309, %313 : tensor<2x3xf32>
    %315 = stablehlo.multiply %278, %278 : tensor<2x3xf32>
    %316 = stablehlo.multiply %285, %278 : tensor<2x3xf32>
    %317 = stablehlo.multiply %278, %285 : tensor<2x3xf32>
    %318 = stablehlo.add %316, %317 : tensor<2x3xf32>
    %319 = stablehlo.multiply %314, %315 : tensor<2x3xf32>
    %320 = stablehlo.multiply %312, %315 : tensor<2x3xf32>
    %321 = stablehlo.multiply %314, %318 : tensor<2x3xf32>
    %322 = stablehlo.add %320, %321 : tensor<2x3xf32>
    %cst_31 = stablehlo.constant dense<-5.95238118E-4> : tensor<f32>
    %323 = stablehlo.broadcast_in_dim %cst_31, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %324 = stablehlo.add %319, %323 : tensor<2x3xf32>
    %325 = stablehlo.multiply %278, %278 : tensor<2x3xf32>
    %326 = stablehlo.multiply %285, %278 : tensor<2x3xf32>
    %327 = stablehlo.multiply %278, %285 : tensor<2x3xf32>
    %328 = stablehlo.add %326, %327 : tensor<2x3xf32>
    %329 = stablehlo.multiply %324, %325 : tensor<2x3xf32>
    %330 = stablehlo.multiply %322, %325 : tensor<2x3xf32>
    %331 = stablehlo.multiply %324, %328 : tensor<2x3xf32>
    %332 = stablehlo.add %330, %331 : tensor<2x3xf32>
    %cst_32 = stablehlo.constant dense<7.93650805E-4> : tensor<f32>
    %333 = stablehlo.broadcast_in_dim %cst_32, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %334 = stablehlo.add %329, %333 : tensor<2x3xf32>
    %335 = stablehlo.multiply %278, %278 : tensor<2x3xf32>
    %336 = stablehlo.multiply %285, %278 : tensor<2x3xf32>
    %337 = stablehlo.multiply %278, %285 : tensor<2x3xf32>
    %338 = stablehlo.add %336, %337 : tensor<2x3xf32>
    %339 = stablehlo.multiply %334, %335 : tensor<2x3xf32>
    %340 = stablehlo.multiply %332, %335 : tensor<2x3xf32>
    %341 = stablehlo.multiply %334, %338 : tensor<2x3xf32>
    %342 = stablehlo.add %340, %341 : tensor<2x3xf32>
    %cst_33 = stablehlo.constant dense<-0.00277777785> : tensor<f32>
    %343 = stablehlo.broadcast_in_dim %cst_33, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %344 = stablehlo.add %339, %343 : tensor<2x3xf32>
    %345 = stablehlo.multiply %278, %278 : tensor<2x3xf32>
    %346 = stablehlo.multiply %285, %278 : tensor<2x3xf32>
    %347 = stablehlo.multiply %278, %285 : tensor<2x3xf32>
    %348 = stablehlo.add %346, %347 : tensor<2x3xf32>
    %349 = stablehlo.multiply %344, %345 : tensor<2x3xf32>
    %350 = stablehlo.multiply %342, %345 : tensor<2x3xf32>
    %351 = stablehlo.multiply %344, %348 : tensor<2x3xf32>
    %352 = stablehlo.add %350, %351 : tensor<2x3xf32>
    %cst_34 = stablehlo.constant dense<0.0833333358> : tensor<f32>
    %353 = stablehlo.broadcast_in_dim %cst_34, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %354 = stablehlo.add %349, %353 : tensor<2x3xf32>
    %355 = chlo.lgamma %10 : tensor<2x3xf32> -> tensor<2x3xf32>
    %356 = chlo.digamma %10 : tensor<2x3xf32> -> tensor<2x3xf32>
    %357 = stablehlo.compare EQ, %13, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %358 = stablehlo.multiply %13, %356 : tensor<2x3xf32>
    %359 = stablehlo.select %357, %0, %358 : tensor<2x3xi1>, tensor<2x3xf32>
    %360 = stablehlo.subtract %10, %21 : tensor<2x3xf32>
    %361 = stablehlo.log %10 : tensor<2x3xf32>
    %362 = stablehlo.divide %16, %10 : tensor<2x3xf32>
    %363 = stablehlo.compare EQ, %13, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %364 = stablehlo.multiply %13, %362 : tensor<2x3xf32>
    %365 = stablehlo.select %363, %0, %364 : tensor<2x3xi1>, tensor<2x3xf32>
    %366 = stablehlo.multiply %360, %361 : tensor<2x3xf32>
    %367 = stablehlo.multiply %13, %361 : tensor<2x3xf32>
    %368 = stablehlo.multiply %360, %365 : tensor<2x3xf32>
    %369 = stablehlo.add %367, %368 : tensor<2x3xf32>
    %370 = stablehlo.subtract %355, %366 : tensor<2x3xf32>
    %371 = stablehlo.negate %369 : tensor<2x3xf32>
    %372 = stablehlo.add %359, %371 : tensor<2x3xf32>
    %373 = stablehlo.add %370, %10 : tensor<2x3xf32>
    %374 = stablehlo.add %372, %13 : tensor<2x3xf32>
    %cst_35 = stablehlo.constant dense<0.918938517> : tensor<f32>
    %375 = stablehlo.broadcast_in_dim %cst_35, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %376 = stablehlo.subtract %373, %375 : tensor<2x3xf32>
    %377 = stablehlo.compare LT, %10, %273, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %378 = stablehlo.multiply %354, %278 : tensor<2x3xf32>
    %379 = stablehlo.multiply %352, %278 : tensor<2x3xf32>
    %380 = stablehlo.multiply %354, %285 : tensor<2x3xf32>
    %381 = stablehlo.add %379, %380 : tensor<2x3xf32>
    %382 = stablehlo.select %377, %376, %378 : tensor<2x3xi1>, tensor<2x3xf32>
    %383 = stablehlo.select %377, %374, %381 : tensor<2x3xi1>, tensor<2x3xf32>
    %384 = stablehlo.subtract %271, %382 : tensor<2x3xf32>
    %385 = stablehlo.negate %383 : tensor<2x3xf32>
    %386 = stablehlo.add %272, %385 : tensor<2x3xf32>
    %387 = stablehlo.select %26, %36, %95#2 : tensor<2x3xi1>, tensor<2x3xf32>
    %388 = stablehlo.select %26, %47, %95#5 : tensor<2x3xi1>, tensor<2x3xf32>
    %389 = stablehlo.multiply %387, %386 : tensor<2x3xf32>
    %390 = stablehlo.add %389, %388 : tensor<2x3xf32>
    %391 = stablehlo.negate %390 : tensor<2x3xf32>
    %392 = stablehlo.select %26, %390, %391 : tensor<2x3xi1>, tensor<2x3xf32>
    %393 = stablehlo.exponential %384 : tensor<2x3xf32>
    %394 = stablehlo.multiply %393, %392 : tensor<2x3xf32>
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
