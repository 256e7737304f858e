"""Programs of modules that change, written for any library of the field's names.

`run(nnx, library, jnp)` gives numbers by name. The test compares them with those that the field's
reference gave (flax 0.12.8), which are stored in `tests/golden/nnx/core.json`.
"""


def build(nnx, jnp):
    class Dense(nnx.Module):
        def __init__(self, n, m, *, rngs):
            self.kernel = nnx.Param(rngs.params.uniform((n, m)) - 0.5)
            self.bias = nnx.Param(jnp.zeros((m,)))

        def __call__(self, x):
            return x @ self.kernel[...] + self.bias[...]

    class Noisy(nnx.Module):
        """A layer with parameters, a running mean, a counter and random numbers."""

        def __init__(self, n, *, rngs):
            self.dense = Dense(n, n, rngs=rngs)
            self.mean = nnx.BatchStat(jnp.zeros((n,)))
            self.calls = nnx.Variable(jnp.zeros((), jnp.int32))
            self.rngs = rngs.fork()

        def __call__(self, x):
            self.mean[...] = 0.9 * self.mean[...] + 0.1 * x.mean(0)
            self.calls[...] += 1
            return jnp.tanh(self.dense(x)) + 0.1 * self.rngs.noise.uniform(x.shape)

    class Shared(nnx.Module):
        def __init__(self, *, rngs):
            self.first = Dense(3, 3, rngs=rngs)
            self.again = self.first
            self.layers = nnx.List([self.first, Dense(3, 3, rngs=rngs)])
            self.whole = self

        def __call__(self, x):
            for layer in (self.first, self.again, *self.layers):
                x = jnp.tanh(layer(x))
            return x

    return Dense, Noisy, Shared


def flat(nnx, node):
    pairs = nnx.to_flat_state(nnx.state(node))
    return {"/".join(map(str, path)): v for path, v in pairs}


def values(nnx, library, node):
    out = {}
    for name, v in flat(nnx, node).items():
        x = v[...]
        if library.dtypes.issubdtype(x.dtype, library.dtypes.prng_key):
            x = library.random.key_data(x)
        out[name] = x
    return out


def jitted(nnx, library, jnp, x):
    _, noisy, _ = build(nnx, jnp)
    model = noisy(3, rngs=nnx.Rngs(0, noise=1))

    @nnx.jit
    def step(model, x):
        return model(x).sum() + model(x).sum()

    outs = [step(model, x), step(model, x + 1)]
    return {"out": jnp.stack(outs), **values(nnx, library, model)}


def trained(nnx, library, jnp, x):
    _, noisy, _ = build(nnx, jnp)
    model = noisy(3, rngs=nnx.Rngs(0, noise=1))

    class Momentum:
        def init(self, params):
            return library.tree.map(jnp.zeros_like, params)

        def update(self, grads, state, params):
            state = library.tree.map(lambda g, s: 0.9 * s + g, grads, state)
            return library.tree.map(lambda s: -0.1 * s, state), state

    optimizer = nnx.Optimizer(model, Momentum(), wrt=nnx.Param)

    @nnx.jit
    def step(model, optimizer, x):
        def loss(model):
            out = model(x)
            return (out**2).mean(), out.sum()

        (value, aux), grads = nnx.value_and_grad(loss, has_aux=True)(model)
        optimizer.update(model, grads)
        return value, aux

    outs = [jnp.stack(step(model, optimizer, x)) for _ in range(3)]
    return {
        "out": jnp.stack(outs),
        "step": optimizer.step[...],
        **values(nnx, library, model),
        **{f"opt/{k}": v for k, v in values(nnx, library, optimizer).items()},
    }


def shared(nnx, library, jnp, x):
    _, _, cls = build(nnx, jnp)
    model = cls(rngs=nnx.Rngs(0))
    grads = nnx.grad(lambda m: (m(x) ** 2).sum())(model)
    copy = nnx.merge(*nnx.split(model))
    assert copy.first is copy.again is copy.layers[0] and copy.whole is copy
    paths = {name: v[...] for name, v in flat(nnx, model).items()}
    duplicates = len(nnx.find_duplicates(model))
    more = {f"grad/{'/'.join(map(str, p))}": v[...] for p, v in nnx.to_flat_state(grads)}
    return {"out": copy(x), "duplicates": jnp.asarray(duplicates), **paths, **more}


def ensemble(nnx, library, jnp, x):
    _, noisy, _ = build(nnx, jnp)

    @nnx.split_rngs(splits=4)
    @nnx.vmap(in_axes=0, out_axes=0)
    def make(rngs):
        return noisy(3, rngs=rngs)

    rngs = nnx.Rngs(0, noise=1)
    models = make(rngs)

    @nnx.vmap(in_axes=(0, None), out_axes=0)
    def call(model, x):
        return model(x)

    axes = nnx.StateAxes({nnx.Param: 0, nnx.BatchStat: 0, ...: 0})
    again = nnx.vmap(lambda m, x: m(x), in_axes=(axes, None), out_axes=1)
    out = call(models, x)
    return {
        "out": out,
        "again": again(models, x),
        **values(nnx, library, models),
        **{f"rngs/{k}": v for k, v in values(nnx, library, rngs).items()},
    }


def scanned(nnx, library, jnp, x):
    _, noisy, _ = build(nnx, jnp)

    @nnx.split_rngs(splits=5)
    @nnx.vmap(in_axes=0, out_axes=0)
    def make(rngs):
        return noisy(3, rngs=rngs)

    models = make(nnx.Rngs(0, noise=1))

    @nnx.scan(in_axes=(nnx.Carry, 0), out_axes=nnx.Carry)
    def forward(x, model):
        return model(x)

    out = forward(x, models)
    one = noisy(3, rngs=nnx.Rngs(3))
    axes = nnx.StateAxes({nnx.Param: None, ...: nnx.Carry})

    @nnx.scan(in_axes=(axes, nnx.Carry, 0), out_axes=(nnx.Carry, 0))
    def repeat(model, carry, y):
        carry = carry + model(y).sum()
        return carry, carry * 2

    total, ys = repeat(one, jnp.zeros(()), jnp.stack([x, x + 1, x + 2]))
    return {
        "out": out,
        "total": total,
        "ys": ys,
        **values(nnx, library, models),
        **{f"one/{k}": v for k, v in values(nnx, library, one).items()},
    }


def branches(nnx, library, jnp, x):
    _, noisy, _ = build(nnx, jnp)
    model = noisy(3, rngs=nnx.Rngs(0, noise=1))

    def yes(model, x):
        return model(x).sum()

    def no(model, x):
        model.calls[...] += 10
        return x.sum()

    outs = [nnx.cond(p, yes, no, model, x) for p in (True, False, True)]
    outs.append(nnx.switch(2, [no, yes, no], model, x))

    def body(state):
        model, x = state
        return model, model(x)

    model, y = nnx.while_loop(lambda s: s[0].calls[...] < 25, body, (model, x))
    model, z = nnx.fori_loop(0, 3, lambda i, s: body(s), (model, y))
    return {"outs": jnp.stack(outs), "y": y, "z": z, **values(nnx, library, model)}


def again(nnx, library, jnp, x):
    _, noisy, _ = build(nnx, jnp)
    model = noisy(3, rngs=nnx.Rngs(0, noise=1))

    def loss(model, x):
        return (nnx.remat(lambda m, x: m(x))(model, x) ** 2).sum()

    grads, x_bar = nnx.grad(loss, argnums=(0, 1))(model, x)
    only = nnx.DiffState(0, nnx.All(nnx.Param, nnx.PathContains("bias")))
    biases = nnx.grad(loss, argnums=only)(model, x)
    more = {"/".join(map(str, p)): v[...] for p, v in nnx.to_flat_state(grads)}
    few = {"only/" + "/".join(map(str, p)): v[...] for p, v in nnx.to_flat_state(biases)}
    return {"x": x_bar, **more, **few, "calls": model.calls[...], "mean": model.mean[...]}


def sown(nnx, library, jnp, x):
    class Loud(nnx.Module):
        def __init__(self, rngs):
            self.w = nnx.Param(rngs.params.normal((3, 3)))

        def __call__(self, x):
            y = x @ self.w[...]
            self.sow(nnx.Intermediate, "seen", y.sum())
            return y

    model = Loud(nnx.Rngs(0))

    @nnx.jit
    def twice(model, x):
        return model(model(x))

    out = twice(model, x)
    kept = nnx.pop(model, nnx.Intermediate)["seen"].get_value()
    assert not hasattr(model, "seen")
    return {"out": out, "kept": jnp.stack(kept)}


PROGRAMS = [jitted, trained, shared, ensemble, scanned, branches, again, sown]
