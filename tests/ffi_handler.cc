// A handler for tests/test_ffi.py: y = x * by, plus one if mode is "plus".
#include "xla/ffi/api/ffi.h"

namespace ffi = xla::ffi;

static ffi::Error Scale(ffi::Buffer<ffi::F32> x, ffi::Result<ffi::Buffer<ffi::F32>> y, float by,
                        std::string_view mode) {
  if (mode == "fail") return ffi::Error::InvalidArgument("the handler was told to fail");
  float add = mode == "plus" ? 1.0f : 0.0f;
  for (size_t i = 0; i < x.element_count(); ++i) y->typed_data()[i] = x.typed_data()[i] * by + add;
  return ffi::Error::Success();
}

XLA_FFI_DEFINE_HANDLER_SYMBOL(ScaleHandler, Scale,
                              ffi::Ffi::Bind()
                                  .Arg<ffi::Buffer<ffi::F32>>()
                                  .Ret<ffi::Buffer<ffi::F32>>()
                                  .Attr<float>("by")
                                  .Attr<std::string_view>("mode"));
