/* model.c - writes model.py. */
#include <inttypes.h>
#include <math.h>

#include "export/pytorch/private.h"
#include "io/json.h"
#include "nn/export/torch.h"

/* What Model.probabilities returns, by enum loss_output; NULL = there are none. */
static const char *const probabilities[] = {[OUTPUT_LOGITS] = "self(x).softmax(1)",
                                            [OUTPUT_LOG_PROBS] = "self(x).exp()",
                                            [OUTPUT_LABEL_LOGITS] = "self(x).sigmoid()",
                                            [OUTPUT_LABEL_PROBS] = "self(x)",
                                            [OUTPUT_LOG_VALUES] = NULL};

static const char start[] = "import os\n"
                            "\n"
                            "import torch\n"
                            "from torch import nn\n"
                            "from torch.nn import functional as F\n"
                            "\n"
                            "\n";

static const char methods[] =
    "    def put(self, name, layer):\n"
    "        \"\"\"Adds a layer under its name in the state_dict, in which dots separate modules.\"\"\"\n"
    "        module = self\n"
    "        *path, last = name.split(\".\")\n"
    "        for part in path:\n"
    "            module = module._modules.setdefault(part, nn.Module())\n"
    "        if last in module._modules:\n"
    "            layer._modules.update(module._modules[last]._modules)\n"
    "        module._modules[last] = layer\n"
    "\n"
    "    def share(self, name, other):\n"
    "        \"\"\"Lets a layer have the tensors of another one.\"\"\"\n"
    "        layer, other = self.layer(name), self.layer(other)\n"
    "        layer._parameters, layer._buffers = other._parameters, other._buffers\n"
    "\n"
    "    def layer(self, name):\n"
    "        module = self\n"
    "        for part in name.split(\".\"):\n"
    "            module = module._modules[part]\n"
    "        return module\n"
    "\n"
    "    @classmethod\n"
    "    def load(cls, path=None):\n"
    "        \"\"\"A model with trained weights, ready to evaluate; path: of weights.pt, if not beside this file.\"\"\"\n"
    "        if path is None:\n"
    "            path = os.path.join(os.path.dirname(os.path.abspath(__file__)), \"weights.pt\")\n"
    "        model = cls()\n"
    "        model.load_state_dict(torch.load(path, map_location=\"cpu\", weights_only=True))\n"
    "        return model.eval()\n";

/* "(N, 10)", or with the positions of labels behind. */
static void model_write_outputs(const struct export_source *s, FILE *out)
{
    struct shape shape = model_output_shape(s->model);
    fputs("(N, ", out);
    torch_write_shape(out, s->facts.positions > 1 ? shape : shape_flat(shape_features(shape)));
    fputc(')', out);
}

static void model_write_intro(const struct export_source *s, FILE *out)
{
    fprintf(out,
            "\"\"\"A network trained by ddp_train " DDP_VERSION ", %s weights of step %lld, hash %016" PRIx64
            ".\n\n"
            "    from model import Model\n"
            "    model = Model.load()\n"
            "    outputs = model(x)  # of features as they are stored, %s (N, ",
            s->averaged ? "averaged" : "plain", (long long)s->step, s->weights_hash,
            feature_type_name(s->normal.type));
    torch_write_shape(out, s->shapes.stored);
    fputs("), to ", out);
    model_write_outputs(s, out);
    fputs(
        "\n    predictions = model.predict(x)\n\nIt needs PyTorch 1.13 or newer, and nothing else.\n\"\"\"\n",
        out);
}

/* JSON's text in quotes is Python's. */
static void model_write_names(const struct export_source *s, FILE *out)
{
    struct json j = {.out = out};
    fputs("    names = ", out);
    if (!s->names) {
        fputs("None  # of classes, labels or values\n\n", out);
        return;
    }
    json_open(&j, NULL, '[');
    for (int64_t i = 0; i < s->name_count; i++) json_text(&j, NULL, s->names[i]);
    json_close(&j, ']');
    fputs("\n\n", out);
}

static enum status model_write_init(const struct export_source *s, FILE *out)
{
    struct pytorch_buffers buffers;
    pytorch_list_buffers(s, &buffers);
    fputs("    def __init__(self):\n        super().__init__()\n", out);
    for (int i = 0; i < buffers.count; i++) {
        const struct export_tensor *t = &buffers.of[i];
        fprintf(out, "        self.register_buffer(\"%s\", torch.zeros(", t->name);
        for (int k = 0; k < t->rank; k++) fprintf(out, "%s%" PRId64, k ? ", " : "", t->dims[k]);
        fputs("))\n", out);
    }
    TRY(pytorch_write_layers(s, out));
    fputc('\n', out);
    return STATUS_OK;
}

static void model_write_predict(const struct export_source *s, FILE *out)
{
    enum loss_output output = s->loss.output;
    if (probabilities[output])
        fprintf(out, "    def probabilities(self, x):\n        return %s\n\n", probabilities[output]);
    fputs("    def predict(self, x):\n", out);
    switch (loss_task(&s->loss)) {
    case TASK_CLASSES:
        fputs("        \"\"\"Numbers of classes; Model.names has their names, if they have any.\"\"\"\n"
              "        return self(x).argmax(1)\n\n",
              out);
        break;
    case TASK_LABELS:
        fputs("        \"\"\"1 where a label is on, else 0.\"\"\"\n        return (self(x) > ", out);
        torch_write_number(out, (double)loss_cut(&s->loss));
        fputs(").to(torch.uint8)\n\n", out);
        break;
    case TASK_VALUES:
        fprintf(out, "        \"\"\"Values in original units.\"\"\"\n        return self(x)%s%s\n\n",
                output == OUTPUT_LOG_VALUES ? ".exp()" : "",
                s->targets.channels > 0 ? " * self.target_std + self.target_mean" : "");
        break;
    }
}

enum status pytorch_write_model(const struct export_source *s, FILE *out)
{
    model_write_intro(s, out);
    fputs(start, out);
    TRY(pytorch_write_definitions(s, out));
    fputs("class Model(nn.Module):\n", out);
    model_write_names(s, out);
    TRY(model_write_init(s, out));
    fputs("    def prepare(self, x):\n"
          "        \"\"\"From features as they are stored to the input of the first layer.\"\"\"\n",
          out);
    pytorch_write_prepare(s, out);
    fputs("\n    def forward(self, x):\n", out);
    pytorch_write_forward(s, out);
    fputc('\n', out);
    model_write_predict(s, out);
    fputs(methods, out);
    return STATUS_OK;
}
