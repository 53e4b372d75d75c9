#!/usr/bin/env bash
# fetch.sh - obtains a public data set, checks it, and converts it to the HDF5 files the configurations in launch/ name.
#
#   datasets/fetch.sh fashion-mnist|mnist [--mirror DIR]
#
# Without --mirror the archives are downloaded from the publisher into datasets/download/NAME/; with it they are read from
# DIR/NAME/. Every archive must have its published SHA-256 checksum. The result is datasets/NAME-train.h5 and
# datasets/NAME-test.h5; files already there are kept. An interrupted run leaves nothing half-written behind.
set -euo pipefail
# shellcheck source=launch/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/../launch/setup.sh"

usage="usage: datasets/fetch.sh fashion-mnist|mnist [--mirror DIR]"
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

archives=(train-images-idx3-ubyte.gz train-labels-idx1-ubyte.gz t10k-images-idx3-ubyte.gz t10k-labels-idx1-ubyte.gz)
case $name in
fashion-mnist) # Xiao, Rasul, Vollgraf, arXiv:1708.07747; MIT licence
    publishers=(https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion
        http://fashion-mnist.s3-website.eu-central-1.amazonaws.com)
    sums=(3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84
        a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845
        346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073
        67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5)
    classes='T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot'
    ;;
mnist) # LeCun, Bottou, Bengio, Haffner, Proc. IEEE 86(11), 1998
    publishers=(https://ossci-datasets.s3.amazonaws.com/mnist https://storage.googleapis.com/cvdf-datasets/mnist)
    sums=(440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609
        3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c
        8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6
        f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6)
    classes='0,1,2,3,4,5,6,7,8,9'
    ;;
'') die "$usage" ;;
*) die "unknown data set '$name'; $usage" ;;
esac

work=$(mktemp -d "$here/.fetch-XXXXXX")
trap 'rm -rf "$work"' EXIT

checksum_is() { # FILE SUM
    [ "$(sha256sum "$1" | cut -d ' ' -f 1)" = "$2" ]
}

download() { # FILE SUM: into datasets/download/NAME/, through a temporary file
    local publisher
    setup_packages curl ca-certificates
    for publisher in "${publishers[@]}"; do
        say "downloading $publisher/$1"
        if curl --fail --location --silent --show-error --retry 2 --connect-timeout 20 --output "$work/$1" \
            "$publisher/$1" && checksum_is "$work/$1" "$2"; then
            mkdir -p "$here/download/$name"
            mv "$work/$1" "$here/download/$name/$1"
            return
        fi
    done
    die "$1: no publisher gave a file with the published checksum; from another machine, put it below DIR/$name/ and say --mirror DIR"
}

convert() { # IMAGES LABELS OUT
    [ ! -e "$here/$3" ] || {
        say "datasets/$3 is there already"
        return
    }
    quietly "$program" convert idx "$1" "$2" "$work/$3" --class-names "$classes"
    mv "$work/$3" "$here/$3"
    say "datasets/$3 written"
}

if [ -e "$here/$name-train.h5" ] && [ -e "$here/$name-test.h5" ]; then
    say "datasets/$name-train.h5 and datasets/$name-test.h5 are there already; delete them to make them anew"
    exit 0
fi
[ -x "$program" ] || die "$program is not there; build it first with launch/quickstart.sh or cmake"

folder=${mirror:-$here/download}/$name
[ -z "$mirror" ] || [ -d "$folder" ] || die "$folder: no such folder; a mirror has one folder per data set"
for i in "${!archives[@]}"; do
    file=$folder/${archives[i]}
    if [ -z "$mirror" ] && ! { [ -e "$file" ] && checksum_is "$file" "${sums[i]}"; }; then
        download "${archives[i]}" "${sums[i]}"
    fi
    [ -r "$file" ] || die "$file: cannot be read"
    checksum_is "$file" "${sums[i]}" || die "$file: its SHA-256 is not the published ${sums[i]}"
done

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
convert "$folder/${archives[0]}" "$folder/${archives[1]}" "$name-train.h5"
convert "$folder/${archives[2]}" "$folder/${archives[3]}" "$name-test.h5"
