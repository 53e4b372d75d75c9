/* kernel_list.h - every vector kernel: KERNEL(type, name, parameters) with its meaning, shapes and units.
 *
 * No include guard: kernels.h makes the table of pointers of it, vec.h the prototypes of a level and table.c
 * the table of a level. A new kernel is its function in a file of src/math/vec and its entry here. */

/* conv.c: cross-correlation, as torch.nn.Conv3d, of any window; weight [OC][IC / groups][kernel depth][kernel
 * height][kernel width]. The data gradient is also the forward pass of a transposed convolution, and the
 * forward pass the data gradient of that: so both take a bias [channels of the result], ReLU and mask. A
 * layer that reads the output of a ReLU passes its x as the mask of dx. The weight gradient is the sum over
 * the leaves, added as a balanced binary tree. scratch: conv_scratch_floats() of this pass or of one with more samples. */
KERNEL(void, conv_forward,
       (const struct window *c, const float *weight, const float *x, const struct finish *finish, float *y,
        float *scratch))
KERNEL(void, conv_backward_data,
       (const struct window *c, const float *weight, const float *dy, const struct finish *finish, float *dx,
        float *scratch))
KERNEL(void, conv_backward_weight,
       (const struct window *c, const float *x, const float *dy, float *dweight, float *scratch))
KERNEL(int64_t, conv_scratch_floats, (const struct window *c))
KERNEL(bool, conv_uses_blas, (const struct window *c))
KERNEL(enum conv_rule, conv_find_rule, (const struct window *c)) /* rules.c */

/* linear/linear.c: bias [out] or NULL; the weight gradient is the sum over the leaves, added as a balanced binary
 * tree. Any alignment of weight rows. scratch: linear_scratch_floats(), of the weight gradient only. */
KERNEL(void, linear_forward,
       (const struct linear *l, const float *weight, const float *bias, const float *x, float *y))
KERNEL(void, linear_backward_data, (const struct linear *l, const float *weight, const float *dy, float *dx))
KERNEL(void, linear_backward_weight,
       (const struct linear *l, const float *x, const float *dy, float *dweight, float *scratch))
KERNEL(int64_t, linear_scratch_floats, (const struct linear *l))

/* maxpool.c: arg [C][OD][OH][OW][N] is the position of the maximum in its window, of pool_position_bytes()
 * bytes; no window is empty. avgpool.c. dx is overwritten. */
KERNEL(void, maxpool_forward, (const struct pool *p, const float *x, float *y, void *arg))
KERNEL(void, maxpool_backward, (const struct pool *p, const void *arg, const float *dy, float *dx))
KERNEL(void, avgpool_forward, (const struct pool *p, const float *x, float *y))
KERNEL(void, avgpool_backward, (const struct pool *p, const float *dy, float *dx))

/* pad.c: pads or crops as struct pad says; the gradient of an input is the sum of the gradients of its
 * copies, itself first. */
KERNEL(void, pad_forward, (const struct pad *p, const float *x, float *y))
KERNEL(void, pad_backward, (const struct pad *p, const float *dy, float *dx))

/* upsample.c: as struct upsample says; scratch: upsample_scratch_bytes(). dx is overwritten; gradients are
 * added in the order of the outputs. */
KERNEL(void, upsample_forward, (const struct upsample *u, const float *x, float *y, void *scratch))
KERNEL(void, upsample_backward, (const struct upsample *u, const float *dy, float *dx, void *scratch))

/* elementwise.c. y may be x, dx may be dy, sum may be a or b. */
KERNEL(void, relu_forward,
       (int64_t count, float limit, const float *x, float *y)) /* kernels.h: RELU_UNLIMITED */
KERNEL(void, relu_backward, (int64_t count, float limit, const float *y, const float *dy, float *dx))
KERNEL(bool, within, (int64_t count, const float *x, float bound)) /* all |x| <= bound; false for NaN */
KERNEL(void, add, (int64_t count, const float *a, const float *b, float *sum))
KERNEL(void, add_relu,
       (int64_t count, float limit, const float *a, const float *b, float *sum)) /* relu_forward of the sum */
KERNEL(void, mul, (int64_t count, const float *a, const float *b, float *product))

/* activation.c: `kept` is y where kernels.h says so, else x. y may be x, dx may be dy. */
KERNEL(void, activation_forward, (const struct activation *f, int64_t count, const float *x, float *y))
KERNEL(void, activation_backward,
       (const struct activation *f, int64_t count, const float *kept, const float *dy, float *dx))

/* glu.c: x and dx [2][count], y and dy [count]. */
KERNEL(void, glu_forward, (int64_t count, const float *x, float *y))
KERNEL(void, glu_backward, (int64_t count, const float *x, const float *dy, float *dx))

/* affine.c: weight [rows]; bias [rows] and dbias may be NULL, as well as dx. The gradients of parameters are
 * sums as of sum_rows. */
KERNEL(void, affine_forward,
       (const struct rows *r, const float *weight, const float *bias, const float *x, float *y))
KERNEL(void, affine_backward,
       (const struct rows *r, const float *weight, const float *x, const float *dy, float *dx, float *dweight,
        float *dbias))
KERNEL(void, prelu_forward, (const struct rows *r, const float *weight, const float *x, float *y))
KERNEL(void, prelu_backward,
       (const struct rows *r, const float *weight, const float *x, const float *dy, float *dx,
        float *dweight))

/* activation_softmax.c: over the classes of x [classes][columns]. y may be x, dx may be dy. */
KERNEL(void, softmax_forward, (int64_t classes, int64_t columns, const float *x, float *y))
KERNEL(void, softmax_backward, (int64_t classes, int64_t columns, const float *y, const float *dy, float *dx))
KERNEL(void, log_softmax_forward, (int64_t classes, int64_t columns, const float *x, float *y))
KERNEL(void, log_softmax_backward,
       (int64_t classes, int64_t columns, const float *y, const float *dy, float *dx))

/* sum.c: sums[r] over x [rows][positions][lanes], each leaf by itself, then as a balanced binary tree. */
KERNEL(void, sum_rows,
       (int64_t rows, int64_t positions, int64_t lanes, int64_t leaves, const float *x, float *sums))

/* dropout.c: keeps an element with probability 1-p and scales it by 1/(1-p); `keep` has one bit per feature
 * and lane, [features][lanes] in words of 16 bits; x is [features][together][lanes]. The draw is rng_words(seed,
 * RNG_DROPOUT, a, (feature / 4) << 32 | position of the sample in the global batch).v[feature % 4], where a
 * = layer / 256 << 56 | step << 8 | layer % 256. */
KERNEL(void, dropout_forward, (const struct dropout_draw *d, const float *x, float *y, uint16_t *keep))
KERNEL(void, dropout_backward,
       (const struct dropout_draw *d, const uint16_t *keep, const float *dy, float *dx))

/* Losses: lanes in multiples of 16, or any number of them where row == lanes (columns.h); nothing behind the last
 * column is read or written, and no alignment is needed.
 *
 * loss/softmax.c: softmax cross entropy. losses [live]: -log p(label), from float32 exponentials; dlogits [K][N]
 * (p - onehot, zero in dead lanes) and predicted [live] (first maximum) may be NULL. */
KERNEL(void, softmax,
       (const float *logits, int64_t classes, int64_t stride, int64_t lanes, int64_t live,
        const int32_t *labels, float *dlogits, double *losses, int32_t *predicted))

/* loss/softmax.c: the same where targets are not just labels, or samples count differently. losses [live] and
 * dlogits as above, times what the samples count; a NaN in the logits is a NaN of the loss even if the
 * sample counts nothing. */
KERNEL(void, softmax_target,
       (const struct softmax_target *s, float *dlogits, double *losses, int32_t *predicted))

/* loss/positions.c: softmax_target where labels have positions: losses [live] are sums over them in the order of
 * columns.h, from terms in float32; `predicted` is [P][row]. */
KERNEL(void, softmax_positions,
       (const struct softmax_target *s, float *dlogits, double *losses, int32_t *predicted,
        struct softmax_counts *counts))

/* loss/terms.c: losses [live], sums in double of terms in float32, positions as above; their derivatives dx
 * [K][stride] (zero in dead lanes) may be NULL. */
KERNEL(void, loss_terms, (const struct loss_terms *t, float *dx, double *losses))

/* loss/shares.c: probabilities y, laid out as x. */
KERNEL(void, loss_shares, (const struct loss_shares *s, float *y))

/* loss/focal.c: softmax with the focal factor: losses [live], dlogits [K][stride] and predicted [live] as those of
 * softmax_target, with the loss -(1 - p)^gamma log p of a label; `keep`, `even` and `targets` are not used. */
KERNEL(void, softmax_focal,
       (const struct softmax_target *s, float gamma, float *dlogits, double *losses, int32_t *predicted))

/* multiply_adds.c: `count` of them, rounded down to whole turns, to measure the peak of a core; the result is of no use
 * but to keep them alive. `factor` is to be below 1, so that nothing overflows. */
KERNEL(float, multiply_adds, (int64_t count, float factor))

/* sample_values.c: x = log(1 + |x|) with the sign of x, in rows of `lanes` that are `stride` apart */
KERNEL(void, log1p_rows, (int64_t rows, int64_t stride, int64_t lanes, float *x))

/* sample_values.c: x[f][lane] += std[lane] * a standard normal number, for up to 16 lanes */
KERNEL(void, noise_add, (const struct noise *n, float *x))

/* gather.c: out[f][lane] = rows[lane][f] * scale[c] + shift[c], with f = c * per_channel + i; lanes beyond
 * `live` are zero. */
KERNEL(void, gather_u8, (const struct gather *g, const uint8_t *const *rows, float *out))
KERNEL(void, gather_f32, (const struct gather *g, const float *const *rows, float *out))

/* norm/channels.c: sums over each leaf's live lanes, in double: sums [channels][leaves][2] of x and x * x;
 * of dy and dy * x, where dy counts only where the ReLU lets it through. maps and slopes [channels][leaves].
 * Lanes that are not live become zeros. y may be x, dx may be dy. */
KERNEL(void, norm_sums, (const struct channel_norm *n, const float *x, double *sums))
KERNEL(void, norm_apply,
       (const struct channel_norm *n, const struct channel_map *maps, const float *x, float *y))
KERNEL(void, norm_gradient_sums,
       (const struct channel_norm *n, const struct channel_map *maps, const float *x, const float *dy,
        double *sums))
KERNEL(void, norm_gradient_apply,
       (const struct channel_norm *n, const struct channel_map *maps, const struct channel_slope *slopes,
        const float *x, const float *dy, float *dx))

/* norm/samples.c: moments [count][3][columns] are what backward needs: the mean, 1 / sqrt(variance + eps), and
 * the mean's rounding times that. Backward adds to sums [weights][leaves][2] those of dy times the normalised
 * x and of dy, over all rows of the weight; NULL without weights. scratch: SAMPLE_NORM_SCRATCH. y may be x,
 * dx may be NULL or dy. */
KERNEL(void, norm_samples_forward,
       (const struct sample_norm *n, const float *x, float *y, float *moments, double *scratch))
KERNEL(void, norm_samples_backward,
       (const struct sample_norm *n, const float *x, const float *dy, const float *moments, float *dx,
        double *sums, double *scratch))
