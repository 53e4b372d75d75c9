#!/usr/bin/env bash
# fetch.sh - obtains a public data set, checks it, and converts it to the HDF5 files the configurations in launch/ name.
#
#   datasets/fetch.sh NAME [--mirror DIR]
#
# NAME is fashion-mnist or mnist, which become datasets/NAME-train.h5 and datasets/NAME-test.h5, or california-housing,
# energy-efficiency, letter-recognition, ocean-proximity, scene or yeast, which become datasets/NAME.h5 with groups train
# and test. Without --mirror the files are downloaded from the publisher into datasets/download/NAME/; with it they are read
# from DIR/NAME/ (ocean-proximity lies with california-housing). Every file must have its published SHA-256 checksum. Results already there are kept. An interrupted run leaves
# nothing half-written behind.
set -euo pipefail
# shellcheck source=launch/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/../launch/setup.sh"

usage="usage: datasets/fetch.sh NAME [--mirror DIR], NAME one of fashion-mnist, mnist, california-housing, energy-efficiency, \
letter-recognition, ocean-proximity, scene, yeast"
here=$root/datasets
program=${DDP_TRAIN_BIN:-$root/build/ddp_train}

name='' mirror=''
while [ $# -gt 0 ]; do
    case $1 in
    --mirror)
        [ $# -ge 2 ] || die "--mirror needs a folder; $usage"
        mirror=$2
        shift
        ;;
    --mirror=*) mirror=${1#--mirror=} ;;
    -h | --help)
        echo "$usage"
        exit 0
        ;;
    -*) die "unknown option '$1'; $usage" ;;
    *)
        [ -z "$name" ] || die "one data set at a time; $usage"
        name=$1
        ;;
    esac
    shift
done

# Of each set: its files, their checksums, their names at the publisher where those differ, their folder, and where to find them.
idx_files=(train-images-idx3-ubyte.gz train-labels-idx1-ubyte.gz t10k-images-idx3-ubyte.gz t10k-labels-idx1-ubyte.gz)
remote_names=()
set_folder=$name
has_crlf='' # whether the publisher's line ends are CR LF, while the checksum is that of the file with LF
case $name in
fashion-mnist) # Xiao, Rasul, Vollgraf, arXiv:1708.07747; MIT licence
    files=("${idx_files[@]}")
    publishers=(https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion
        http://fashion-mnist.s3-website.eu-central-1.amazonaws.com)
    sums=(3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84
        a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845
        346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073
        67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5)
    classes='T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot'
    ;;
mnist) # LeCun, Bottou, Bengio, Haffner, Proc. IEEE 86(11), 1998
    files=("${idx_files[@]}")
    publishers=(https://ossci-datasets.s3.amazonaws.com/mnist https://storage.googleapis.com/cvdf-datasets/mnist)
    sums=(440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609
        3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c
        8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6
        f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6)
    classes='0,1,2,3,4,5,6,7,8,9'
    ;;
california-housing) # Pace, Barry, Statistics and Probability Letters 33, 1997; StatLib
    files=(california_housing.csv)
    remote_names=(cal_housing_full.data)
    publishers=(https://raw.githubusercontent.com/rramosp/2016.cnea.ml/cb4eea7366094f07aaa890531c30288e80a29d80/data)
    sums=(81dc3561d0438eb382b21ecd53837b844e50fba0058a39cfba37009b2687b72c)
    ;;
energy-efficiency) # Tsanas, Xifara, Energy and Buildings 49, 2012; CC BY 4.0
    files=(energy_efficiency.csv)
    remote_names=(ENB2012_data.csv)
    has_crlf=yes
    publishers=(https://raw.githubusercontent.com/pythonandmore/EnergyEfficiency/66d736a53eb477a2a93dfaa2eb9aff69ffa04e85)
    sums=(db44dbe453acd464b5cf65be2fb01a28aa9c5b2630300e65fbe28cde35f5d96f)
    ;;
letter-recognition) # Frey, Slate, Machine Learning 6(2), 1991; CC BY 4.0
    files=(letter-recognition.data)
    publishers=(https://archive.ics.uci.edu/ml/machine-learning-databases/letter-recognition)
    sums=(2b89f3602cf768d3c8355267d2f13f2417809e101fc2b5ceee10db19a60de6e2)
    ;;
ocean-proximity) # Pace and Barry's houses with a column of text, from A. Geron's book; Apache-2.0
    files=(housing_with_gaps.csv)
    remote_names=(housing.csv)
    set_folder=california-housing
    publishers=(https://raw.githubusercontent.com/ageron/handson-ml/b7051594afbb1d835f5e031af8664c4363878050/datasets/housing)
    sums=(8a3727f4cf54ac1a327f69b1d5b4db54c5834ea81c6e4efc0d163300022a685e)
    ;;
scene) # Boutell, Luo, Shen, Brown, Pattern Recognition 37(9), 2004
    files=(scene-train.arff scene-test.arff scene.xml)
    publishers=(https://raw.githubusercontent.com/tsoumakas/mulan/43f6389095ad71984264db4387a8074b22bc7d4a/data/multi-label/scene)
    sums=(b53ba93bdf412de922e3960389bcee24744fa3e872ce610511fc1d750888b64d
        ea38d20296b3ff7e220f477a3b802a9bcb2d768881fe6ee163efbc97ea527a42
        55d8b247b949ad5c52e5a73d8c6775ec6e5469ce9682465b45b333b68ee4bcc5)
    ;;
yeast) # Elisseeff, Weston, NIPS 14, 2001
    files=(yeast-train.arff yeast-test.arff yeast.xml)
    publishers=(https://raw.githubusercontent.com/tsoumakas/mulan/43f6389095ad71984264db4387a8074b22bc7d4a/data/multi-label/yeast)
    sums=(e759dc991ff54694a4ff9c4314f3be0d6fd2b1994a4b563f57e416394c6aebbd
        4aaac102bff9669a765bf0b378602e5cc8c3b181048282e2f003117b496d552a
        c3056cc26444b5158b1588d1b73bec9c45429e10f0957ad085903423cb81f247)
    ;;
'') die "$usage" ;;
*) die "unknown data set '$name'; $usage" ;;
esac

work=$(mktemp -d "$here/.fetch-XXXXXX")
trap 'rm -rf "$work"' EXIT

checksum_is() { # FILE SUM
    [ "$(sha256sum "$1" | cut -d ' ' -f 1)" = "$2" ]
}

download() { # FILE NAME-AT-THE-PUBLISHER SUM: into datasets/download/FOLDER/, through a temporary file
    local publisher
    setup_packages curl ca-certificates
    for publisher in "${publishers[@]}"; do
        say "downloading $publisher/$2"
        curl --fail --location --silent --show-error --retry 2 --connect-timeout 20 --output "$work/$1" "$publisher/$2" || continue
        [ -z "$has_crlf" ] || sed -i 's/\r$//' "$work/$1"
        if checksum_is "$work/$1" "$3"; then
            mkdir -p "$here/download/$set_folder"
            mv "$work/$1" "$here/download/$set_folder/$1"
            return
        fi
    done
    die "$1: no publisher gave a file with the published checksum; from another machine, put it below DIR/$set_folder/ and say --mirror DIR"
}

# convert FORMAT FILES... FLAGS..., with OUT for the result: the format and files as ddp_train convert takes them.
convert() { # RESULT ARGUMENTS...
    local result=$1
    shift
    [ ! -e "$here/$result" ] || {
        say "datasets/$result is there already"
        return
    }
    quietly "$program" convert "${@/#OUT.h5/$work/$result}"
    mv "$work/$result" "$here/$result"
    say "datasets/$result written"
}

case $name in
fashion-mnist | mnist) results=("$name-train.h5" "$name-test.h5") ;;
*) results=("$name.h5") ;;
esac
complete=yes
for result in "${results[@]}"; do
    [ -e "$here/$result" ] || complete=''
done
if [ -n "$complete" ]; then
    say "${results[*]/#/datasets/}: there already; delete to fetch again"
    exit 0
fi
[ -x "$program" ] || die "$program is not there; build it first with launch/quickstart.sh or cmake"

folder=${mirror:-$here/download}/$set_folder
[ -z "$mirror" ] || [ -d "$folder" ] || die "$folder: no such folder; a mirror has one folder per data set"
for i in "${!files[@]}"; do
    file=$folder/${files[i]}
    if [ -z "$mirror" ] && ! { [ -e "$file" ] && checksum_is "$file" "${sums[i]}"; }; then
        download "${files[i]}" "${remote_names[i]:-${files[i]}}" "${sums[i]}"
    fi
    [ -r "$file" ] || die "$file: cannot be read"
    checksum_is "$file" "${sums[i]}" || die "$file: its SHA-256 is not the published ${sums[i]}"
done

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
first=$folder/${files[0]}
case $name in
fashion-mnist | mnist)
    convert "$name-train.h5" idx "$first" "$folder/${files[1]}" OUT.h5 --class-names "$classes"
    convert "$name-test.h5" idx "$folder/${files[2]}" "$folder/${files[3]}" OUT.h5 --class-names "$classes"
    ;;
california-housing) convert "$name.h5" csv "$first" OUT.h5 --target medianHouseValue --test-every 5 ;;
energy-efficiency) convert "$name.h5" csv "$first" OUT.h5 --target Y1,Y2 --test-every 5 ;;
letter-recognition) convert "$name.h5" csv "$first" OUT.h5 --target 0 --split-at 16000 ;;
ocean-proximity)
    convert "$name.h5" csv "$first" OUT.h5 --target ocean_proximity --drop longitude,latitude --missing drop --test-every 5
    ;;
scene | yeast)
    convert "$name.h5" arff "$first" OUT.h5 --test-file "$folder/${files[1]}" --labels-xml "$folder/${files[2]}"
    ;;
esac
