"""Programs with modules that run under any library of this interface: what goldens are made of.

`cases(lib)` takes a namespace with `nn`, `jax`, `jnp`, `random` and `lax`.
"""


def _modules(lib):
    nn, jnp = lib.nn, lib.jnp

    class Plain(nn.Module):
        features: int = 3

        @nn.compact
        def __call__(self, x):
            kernel = self.param("kernel", nn.initializers.normal(1.0), (x.shape[-1], self.features))
            return x @ kernel

    class Counted(nn.Module):
        """A layer with state and noise."""

        @nn.compact
        def __call__(self, x, _=None):
            count = self.variable("state", "count", lambda: jnp.zeros(()))
            if self.is_mutable_collection("state"):
                count.value = count.value + 1.0
            noise = lib.random.normal(self.make_rng("noise"), x.shape)
            x = Plain(x.shape[-1])(x) + noise
            self.sow("intermediates", "mean", x.mean())
            return x + count.value, x.sum()

    class Nested(nn.Module):
        def setup(self):
            self.encoder = Plain(4)
            self.layers = [Plain(4), Plain(4)]
            self.heads = {"a": Plain(2), "b": [Plain(2)]}

        def encode(self, x):
            return self.encoder(x)

        def __call__(self, x):
            x = self.encode(x)
            for layer in self.layers:
                x = jnp.tanh(layer(x))
            return self.heads["a"](x) + self.heads["b"][0](x)

    class Deep(nn.Module):
        @nn.compact
        def __call__(self, x):
            shared = Plain(3)
            x = Plain(3, name="first")(x)
            x = shared(shared(x))
            return Nested()(x)

    return Plain, Counted, Nested, Deep


def _run(lib, model, *inputs, rngs=("params", "noise"), mutable=("state", "intermediates")):
    """Initialise, then apply; the variables and both results."""
    keys = {name: lib.random.key(i) for i, name in enumerate(rngs)}
    variables = lib.jax.jit(model.init)(keys, *inputs)
    keys = {name: lib.random.key(10 + i) for i, name in enumerate(rngs)}
    y, updated = lib.jax.jit(
        lambda v, keys: model.apply(v, *inputs, rngs=keys, mutable=list(mutable))
    )(variables, keys)
    return variables, y, updated


def _repeated(lib):
    """Scan, vmap and remat_scan, of classes and functions."""
    nn, _jax, jnp, _random = lib.nn, lib.jax, lib.jnp, lib.random
    Plain, Counted, _, _ = _modules(lib)
    x = jnp.linspace(-1.0, 1.0, 6).reshape(2, 3)
    kept = {"params": 0, "state": 0, "intermediates": 0}
    each = {"params": True, "noise": True}

    class Scanned(nn.Module):
        @nn.compact
        def __call__(self, x):
            layers = nn.scan(Counted, variable_axes=kept, split_rngs=each, length=4)
            return layers(name="layers")(x, None)

    class Carried(nn.Module):
        @nn.compact
        def __call__(self, x, xs):
            counted = Counted(name="layers")
            if self.is_initializing():
                return counted(x)
            layers = nn.scan(
                lambda m, c, x: m(c, x), variable_carry="state", variable_broadcast="params",
                variable_axes={"intermediates": 0}, split_rngs={"noise": True},
                in_axes=1,
            )  # fmt: skip
            return layers(counted, x, xs)

    class Outer(nn.Module):
        inner: nn.Module

        @nn.compact
        def __call__(self, x):
            lifted = nn.vmap(
                lambda module, x: module(x), in_axes=1, out_axes=1,
                variable_axes={"params": None}, split_rngs={"params": False},
            )  # fmt: skip
            return lifted(self.inner, x[..., None]), Plain(2)(x)

    ensemble = nn.vmap(Counted, variable_axes=kept, split_rngs=each, in_axes=None, axis_size=3)
    stack = nn.remat_scan(Plain, lengths=(2, 3))
    return {
        "scan": lambda: _run(lib, Scanned(), x),
        "scan_carry": lambda: _run(lib, Carried(), x, jnp.ones((2, 5))),
        "vmap": lambda: _run(lib, ensemble(), x),
        "vmap_method": lambda: _run(lib, Outer(Plain(3)), jnp.ones((3, 3))),
        "remat_scan": lambda: _run(lib, stack(3), x),
    }


def _branching(lib):
    """Loops and branches inside of modules."""
    nn, _jax, jnp, _random = lib.nn, lib.jax, lib.jnp, lib.random
    Plain, _, _, _ = _modules(lib)
    x = jnp.linspace(-1.0, 1.0, 6).reshape(2, 3)

    class Loop(nn.Module):
        @nn.compact
        def __call__(self, x):
            layer = Plain(3)
            layer(x)
            count = self.variable("state", "n", lambda: jnp.zeros((), jnp.int32))

            def goes_on(module, c):
                return module.get_variable("state", "n") < 3

            def body(module, c):
                n = module.get_variable("state", "n")
                module.put_variable("state", "n", n + 1)
                return jnp.tanh(c @ module.variables["params"]["Plain_0"]["kernel"])

            y = nn.while_loop(goes_on, body, self, x, carry_variables="state")
            return y + count.value

    class Chosen(nn.Module):
        @nn.compact
        def __call__(self, x, flag):
            a, b = Plain(2, name="a"), Plain(2, name="b")
            if self.is_initializing():
                return a(x) + b(x)

            def first(module, x):
                return x @ module.get_variable("params", "a")["kernel"]

            def second(module, x):
                return x @ module.get_variable("params", "b")["kernel"]

            return nn.cond(flag, first, second, self, x) + nn.switch(
                jnp.int32(1), [first, second], self, x
            )

    return {
        "while_loop": lambda: _run(lib, Loop(), x, mutable=["state"]),
        "cond": lambda: _run(lib, Chosen(), x, True),
    }


def _derivatives(lib):
    """Derivatives inside of modules, and of them."""
    nn, jax, jnp, random = lib.nn, lib.jax, lib.jnp, lib.random
    Plain, _, _, _ = _modules(lib)
    x = jnp.linspace(-1.0, 1.0, 6).reshape(2, 3)

    class Backward(nn.Module):
        @nn.compact
        def __call__(self, x):
            layer = Plain(3)
            y, back = nn.vjp(lambda module, x: module(x), layer, x)
            of_params, of_x = back(jnp.ones_like(y))
            tangents = {"params": jax.tree.map(jnp.ones_like, layer.variables["params"])}
            _, tangent = nn.jvp(lambda m, x: m(x), layer, (x,), (x,), tangents)
            gradients = nn.grad(lambda m, x: (m(x) ** 2).sum(), layer, x)
            return y, of_params, of_x, tangent, gradients

    class Clipped(nn.Module):
        @nn.compact
        def __call__(self, x):
            def forward(module, x):
                return nn.vjp(lambda m, x: m(x), module, x)

            def backward(back, cotangent):
                of_params, of_x = back(cotangent)
                return jax.tree.map(jnp.sign, of_params), of_x

            run = nn.custom_vjp(lambda m, x: m(x), forward, backward)
            return run(Plain(3), x)

    def gradient():
        model = Clipped()
        variables = model.init(random.key(3), x)
        return jax.grad(lambda v: model.apply(v, x).sum())(variables)

    return {"backward": lambda: _run(lib, Backward(), x), "custom_vjp": gradient}


def _gradients(lib):
    """Gradients of modules that recompute, and of values in the middle."""
    nn, jax, jnp, random = lib.nn, lib.jax, lib.jnp, lib.random
    Plain, _, Nested, _ = _modules(lib)
    x = jnp.linspace(-1.0, 1.0, 6).reshape(2, 3)

    def remat_gradient():
        model, plain = nn.remat(Nested)(), Nested()
        variables = model.init(random.key(4), x)
        return [
            jax.grad(lambda v, m=m: (m.apply(v, x) ** 2).sum())(variables) for m in (model, plain)
        ]

    def perturbed():
        class Perturbed(nn.Module):
            @nn.compact
            def __call__(self, x):
                return jnp.tanh(self.perturb("hidden", Plain(3)(x))).sum()

        model = Perturbed()
        variables = model.init(random.key(5), x)
        gradient = jax.grad(
            lambda p: model.apply({"params": variables["params"], "perturbations": p}, x)
        )(variables["perturbations"])
        return variables, gradient

    return {"remat_gradient": remat_gradient, "perturb": perturbed}


def _plain(lib):
    """Modules, methods and names."""
    nn, jax, jnp, random = lib.nn, lib.jax, lib.jnp, lib.random
    Plain, Counted, Nested, Deep = _modules(lib)
    x = jnp.linspace(-1.0, 1.0, 6).reshape(2, 3)

    class Methods(nn.Module):
        def setup(self):
            self.inner = Plain(3)

        @nn.remat
        def __call__(self, x):
            return self.encode(x) + 1.0

        @nn.nowrap
        def plain(self, x):
            return x

        def encode(self, x):
            return jnp.tanh(self.inner(self.plain(x)))

    class Scoped(nn.Module):
        @nn.compact_name_scope
        def up(self, x):
            return Plain(3)(x)

        @nn.compact_name_scope
        def down(self, x):
            return Plain(3)(x)

        def __call__(self, x):
            return self.down(self.up(x))

    def seen(variables):
        return jax.tree.map(lambda v: v.T, variables)

    kernel = nn.map_variables(Plain, "params", seen, seen, init=True)
    return {
        "nested": lambda: _run(lib, Deep(), x),
        "captured": lambda: Deep().apply(
            Deep().init(random.key(0), x), x, capture_intermediates=True
        ),
        "method": lambda: Nested().apply(
            Nested().init(random.key(0), x), x, method="encode", mutable=["state"]
        ),
        "counted": lambda: _run(lib, Counted(), x),
        "remat_method": lambda: _run(lib, Methods(), x),
        "jit": lambda: _run(lib, nn.jit(Deep)(), x),
        "jit_counted": lambda: _run(lib, nn.jit(Counted)(), x),
        "map_variables": lambda: _run(lib, kernel(4), x, mutable=[]),
        "compact_name_scope": lambda: _run(lib, Scoped(), x),
    }


def cases(lib):
    """Programs by name; each gives a tree of arrays."""
    groups = (_plain, _repeated, _branching, _derivatives, _gradients)
    return {name: case for group in groups for name, case in group(lib).items()}
