/* table.c - the commands of the program. */
#include "app/cli/commands/commands.h"

const struct command command_table[] = {
    {
        .name = "train",
        .synopsis = "[FILE.yaml]",
        .help = "train a model (the default command)",
        .details =
            "Without FILE the configuration is ddp_train.yaml in this folder, or the built-in demo if there\n"
            "is none. A run writes all its files into its run directory.\n"
            "\n"
            "--resume auto continues from the newest valid checkpoint in the run directory given by -o.\n"
            "Without -o it takes the newest run of this name that is neither complete nor running (within a\n"
            "Slurm job: a run of the same job). If there is nothing to continue, a new run begins.\n"
            "--resume PATH takes a checkpoint or a run directory and continues there, or in a new run\n"
            "directory with -o. The number of ranks and nodes may change. A configuration that would change\n"
            "the results is refused with a list of the differences, unless --resume-override is given.\n"
            "Without FILE the configuration is the checkpoint's.\n"
            "\n"
            "  mpirun -np 8 ddp_train train my.yaml -o runs/a --resume auto\n"
            "  mpirun -np 4 ddp_train train --resume runs/a --train.epochs=20\n"
            "  mpirun -np 4 ddp_train train --resume runs/a/checkpoints/best.h5 -o runs/b\n",
        .flags = FLAGS_CONFIG | FLAGS_RUN | FLAGS_EXTERNAL | FLAGS_WEIGHTS,
        .max_words = 1,
        .collective = true,
        .run = cmd_train,
    },
    {
        .name = "eval",
        .synopsis = "CHECKPOINT --data LOCATOR",
        .help = "evaluate a checkpoint on a data set",
        .details =
            "Prints loss and accuracy; for classes and labels scikit-learn's classification report, for\n"
            "real values the errors of each target in original units (last row: the mean over the targets,\n"
            "for max_error the maximum); for labels with positions intersection over union and Dice of each\n"
            "class; all other metrics of the task; and the confusion matrix of up to 30 classes. Where labels\n"
            "have positions, these are counted, not samples.\n",
        .flags = FLAGS_DATA | FLAGS_EVAL | FLAGS_EXTERNAL | FLAGS_WEIGHTS | FLAGS_NAMES,
        .min_words = 1,
        .max_words = 1,
        .collective = true,
        .run = cmd_eval,
    },
    {
        .name = "predict",
        .synopsis = "CHECKPOINT --data LOCATOR --out FILE.h5",
        .help = "write the model's predictions for a data set",
        .details =
            "Writes HDF5 with one row per sample, in the order of the data: logits (N,K), the outputs of\n"
            "the network; probabilities (N,K), if the loss defines them; predicted: the class (N,), labels\n"
            "0 and 1 (N,K) by metrics.threshold, or values (N,K) in original units. The data need no\n"
            "labels. If they have some, they are written as labels and, for classes and labels, compared in\n"
            "correct (N,). Where labels have positions, all of these have them, too: logits (N,K,H,W), the\n"
            "class map (N,H,W).\n"
            "\n"
            "  mpirun -np 4 ddp_train predict runs/a/checkpoints/final.h5 --data new.h5 --out pred.h5\n",
        .flags = FLAGS_DATA | FLAGS_OUT | FLAGS_FORCE | FLAGS_EXTERNAL | FLAGS_WEIGHTS | FLAGS_NAMES,
        .min_words = 1,
        .max_words = 1,
        .collective = true,
        .run = cmd_predict,
    },
    {
        .name = "export",
        .synopsis = "CHECKPOINT OUT",
        .help = "write a trained model in the format of other programs",
        .details =
            "The ending of OUT says the format, or --format does:\n"
            "\n"
            "safetensors  OUT.safetensors: the weights, with names and shapes as in a PyTorch state_dict. A\n"
            "             layer without a name is its number and kind: 03_conv2d.weight. The metadata hold\n"
            "             class names, normalisation (JSON), program version and hash of the weights.\n"
            "pytorch      OUT/, a folder: model.py, a readable torch.nn.Module that needs nothing but PyTorch, and\n"
            "             its weights. It takes features as they are stored, channels first:\n"
            "             from model import Model; model = Model.load(); model.predict(x)\n"
            "onnx         OUT.onnx: the network for onnxruntime and others (opset 18). Input 'input', (N,C,...),\n"
            "             any N, uint8 where the training set's file is, else float32, in its units: what\n"
            "             data.normalize, data.transforms and the middle of data.augment do is part of it. Output\n"
            "             'logits', as of predict; for real values also 'predicted', in the units of the targets;\n"
            "             with --probabilities 'probabilities'. The same metadata. What would have more than 2 GB has\n"
            "             its large tensors in OUT.onnx.data, which must stay beside it.\n"
            "\n"
            "The weights are the averaged ones if there are any (train.ema, train.swa), as for eval. A layer\n"
            "with share has its own names for the values that it shares.\n"
            "\n"
            "  ddp_train export runs/a/checkpoints/final.h5 model.safetensors\n"
            "  ddp_train export runs/a/checkpoints/final.h5 model --format pytorch\n"
            "  ddp_train export runs/a/checkpoints/final.h5 model.onnx --probabilities\n",
        .flags = FLAGS_EXPORT | FLAGS_FORCE | FLAGS_WEIGHTS,
        .min_words = 2,
        .max_words = 2,
        .collective = true,
        .run = cmd_export,
    },
    {
        .name = "check",
        .synopsis = "[FILE.yaml]",
        .help = "check configuration, data and model without training",
        .details =
            "Prints the memory that a run needs, before it allocates it, and the layers of the model with names,\n"
            "inputs, output shapes and parameters. --graph draws the model.\n"
            "\n"
            "  mpirun -np 8 ddp_train check my.yaml --graph model.svg\n",
        .flags = FLAGS_CONFIG | FLAGS_CHECK | FLAGS_EXTERNAL,
        .max_words = 1,
        .collective = true,
        .run = cmd_check,
    },
    {
        .name = "inspect",
        .synopsis = "FILE",
        .help = "show the contents of a data set or a checkpoint",
        .flags = FLAGS_EXTERNAL | FLAGS_NAMES,
        .min_words = 1,
        .max_words = 1,
        .run = cmd_inspect,
    },
    {
        .name = "runs",
        .synopsis = "[FOLDER...]",
        .help = "list runs: state, epochs, best metrics, time, and what differs between them",
        .details =
            "FOLDER is a run directory or holds some (default: runs). A run is running, complete, saved (it\n"
            "can be resumed) or failed. Metrics are shown at their best epoch; the last columns are the keys\n"
            "whose values differ between the runs' configurations. --json - and --csv - print all metrics and\n"
            "all such keys for programs.\n"
            "\n"
            "  ddp_train runs --sort val.accuracy\n"
            "  ddp_train runs runs old-runs/a --csv all.csv\n",
        .flags = FLAGS_RUNS | FLAGS_SORT,
        .max_words = ARGUMENT_WORDS,
        .run = cmd_runs,
    },
    {
        .name = "watch",
        .synopsis = "FOLDER",
        .help = "follow a run in the terminal until it ends: progress, loss and a metric as curves",
        .details =
            "Reads the files of the run directory FOLDER, on any machine that sees them. Where the output is no\n"
            "terminal, every epoch is a line. NO_COLOR=1 leaves out colours.\n",
        .min_words = 1,
        .max_words = 1,
        .run = cmd_watch,
    },
    {
        .name = "report",
        .synopsis = "[FOLDER...]",
        .help = "write report.html: curves, results and facts of a run, or of several, compared",
        .details =
            "FOLDER is a run directory or holds some (default: runs). The page is one file that needs no\n"
            "network. That of one run is written into its folder, that of several to --out (default:\n"
            "report.html). Training writes the page of its run, too: see log.report_every.\n"
            "\n"
            "  ddp_train report runs/a\n"
            "  ddp_train report runs/a runs/b --out compared.html\n",
        .flags = FLAGS_SORT | FLAGS_OUT | FLAGS_FORCE,
        .max_words = ARGUMENT_WORDS,
        .run = cmd_report,
    },
    {
        .name = "convert",
        .synopsis = "idx IMAGES LABELS OUT.h5 | csv IN.csv OUT.h5 | arff IN.arff OUT.h5",
        .help = "convert IDX, CSV or ARFF files (also .gz) to a data set",
        .details =
            "idx   MNIST and data sets of its format: images (N,H,W) and labels (N,), both uint8.\n"
            "csv   RFC 4180. COLUMNS are names or numbers from 0, separated by commas. The first row is\n"
            "      taken as a header if it has text where a number is expected (outside --target,\n"
            "      --categorical and --drop); if that cannot be decided, set --header. Missing values:\n"
            "      empty, NA, N/A, NaN, null, None, <NA>, #N/A, ?, and those of --na. True and False are 1, 0.\n"
            "arff  Weka's and Mulan's format, dense or sparse. A nominal attribute becomes one column per\n"
            "      value, {0,1} one column of 0 and 1; leave out string and date attributes with --drop.\n"
            "      Missing values: ?.\n"
            "\n"
            "--labels index: class indices from one column of text or integers. Classes are numbered from\n"
            "0: text in byte order, integers in ascending order, ARFF values as declared. multilabel: 0 or\n"
            "1 in each target column. target: real values. auto: text is index, 0 and 1 are multilabel,\n"
            "other numbers are target.\n"
            "--missing mean uses the mean over the training rows. Rows are counted from 0, before any is\n"
            "dropped.\n"
            "\n"
            "  ddp_train convert idx images.gz labels.gz train.h5 --class-names cat,dog\n"
            "  ddp_train convert csv houses.csv houses.h5 --target price --categorical town --missing mean "
            "--split 0.2\n"
            "  ddp_train convert csv letters.csv letters.h5 --target 0 --delimiter ';' --header no "
            "--split-at 2\n"
            "  ddp_train convert arff genes-train.arff genes.h5 --labels-xml genes.xml --test-file "
            "genes-test.arff\n"
            "  ddp_train convert arff flowers.arff flowers.h5 --target species --test-every 5\n",
        .flags = FLAGS_CONVERT,
        .min_words = 1,
        .max_words = 4,
        .run = cmd_convert,
    },
    {
        .name = "demo-data",
        .synopsis = "OUT.h5",
        .help = "write the built-in demo data set to a file",
        .flags = FLAGS_FORCE,
        .min_words = 1,
        .max_words = 1,
        .run = cmd_demo_data,
    },
    {
        .name = "init",
        .synopsis = "[FILE.yaml]",
        .help = "write the demo's configuration, with comments, as a starting point",
        .details = "FILE.yaml defaults to ddp_train.yaml; an existing file is never replaced.\n",
        .max_words = 1,
        .run = cmd_init,
    },
    {
        .name = "bench",
        .synopsis = "checkpoint [FILE.yaml]|kernels [NAME]|loader DATA|peak|step [FILE.yaml]|sync",
        .help = "measure the machine and parts of the program",
        .details =
            "checkpoint: the time that saving adds to a run, on the disk of the current folder; FILE.yaml\n"
            "            and flags as for train.\n"
            "kernels:    every kernel (whose name contains NAME) against peak, memory bandwidth and sgemm.\n"
            "loader:     loading DATA (as in data.train) against reading the file once, and gathering\n"
            "            batches against memcpy.\n"
            "peak:       sgemm and memory bandwidth, on all ranks at once.\n"
            "step:       time of each part of a training step, in ms and as a share of peak. FILE.yaml and\n"
            "            flags as for train; --data.train=synthetic:1x28x28:10:60000 needs no file.\n"
            "sync:       gradient synchronisation and update against MPI_Allreduce.\n",
        .flags = FLAGS_BENCH | FLAGS_CONFIG | FLAGS_EXTERNAL,
        .min_words = 1,
        .max_words = 2,
        .collective = true,
        .run = cmd_bench,
    },
    {
        .name = "version",
        .synopsis = "",
        .help = "print the version and the libraries",
        .details = "--json FILE has more: every library, the levels of kernels of this build, the CPU; - = to standard\n"
                   "output instead.\n",
        .flags = FLAGS_JSON,
        .run = cmd_version,
    },
    {
        .name = "help",
        .synopsis = "[COMMAND|TOPIC]",
        .help = "explain a command, or list what can be configured",
        .details =
            "TOPIC is keys (everything), losses, optimizers, schedules, layers, blocks, initializers,\n"
            "transforms, augment or metrics.\n",
        .max_words = 1,
        .run = cmd_help,
    },
    {.name = NULL},
};
