"""The networks of this folder in PyTorch, as a user of PyTorch writes them. Parameters come in the order of the layers in the YAML files,
so weights can be handed over by their order alone."""
import torch
from torch import nn
from torch.nn import functional as F

CONV = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
NORM = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
TRANSPOSED = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}


def cb(a, b, kernel, stride=1, padding=None, rank=2, act=(), **more):
    """Convolution without bias, batch norm, and perhaps an activation."""
    padding = kernel // 2 if padding is None else padding
    return nn.Sequential(CONV[rank](a, b, kernel, stride, padding, bias=False, **more), NORM[rank](b), *act)


def cbr(*a, **more):
    return cb(*a, act=(nn.ReLU(),), **more)


class Add(nn.Module):
    """x + body(x), or skip(x) + body(x), and an activation."""

    def __init__(self, body, skip=None, act=None):
        super().__init__()
        self.body, self.skip, self.act = body, skip or nn.Identity(), act or nn.Identity()

    def forward(self, x):
        return self.act(self.body(x) + self.skip(x))


class GlobalMean(nn.Module):
    def forward(self, x):
        return x.flatten(2).mean(2)


# W1 to W6 and W9: chains

def dense(sizes, act, last=()):
    modules = []
    for i, (a, b) in enumerate(zip(sizes, sizes[1:])):
        modules += [nn.Linear(a, b)] + ([act()] if i < len(sizes) - 2 else list(last))
    return nn.Sequential(*modules)


def higgs(_):
    return dense([28, 300, 300, 300, 300, 1], nn.Tanh)


class Climsim(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = dense([124, 768, 640, 512, 640, 640, 128], lambda: nn.LeakyReLU(0.15), [nn.LeakyReLU(0.15)])
        self.lin, self.pos = nn.Linear(128, 120), nn.Linear(128, 8)

    def forward(self, x):
        x = self.body(x)
        return torch.cat([self.lin(x), F.relu(self.pos(x))], 1)


def hep(_):
    modules = []
    for i in range(5):
        modules += [nn.Conv2d(128 if i else 3, 128, 3, padding=1), nn.ReLU()] + ([nn.MaxPool2d(2)] if i < 4 else [])
    return nn.Sequential(*modules, GlobalMean(), nn.Linear(128, 2))


def hep64(_):
    modules = []
    for i in range(3):
        modules += [nn.Conv2d(128 if i else 3, 128, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.5)]
    return nn.Sequential(*modules, nn.Flatten(), nn.Linear(8192, 512), nn.ReLU(), nn.Dropout(0.5), nn.Linear(512, 2))


def rpv(_):
    modules = []
    for a, b in ((1, 8), (8, 16), (16, 32)):
        modules += [nn.Conv2d(a, b, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*modules, nn.Dropout(0.5), nn.Flatten(), nn.Linear(2048, 64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 1))


def nt3(shape):
    length = (shape[1] - 28) // 10
    return nn.Sequential(nn.Conv1d(1, 128, 20), nn.ReLU(), nn.Conv1d(128, 128, 10), nn.ReLU(), nn.MaxPool1d(10), nn.Flatten(),
                         nn.Linear(128 * length, 200), nn.ReLU(), nn.Dropout(0.1), nn.Linear(200, 20), nn.ReLU(), nn.Dropout(0.1),
                         nn.Linear(20, 2))


def p1b1(shape):
    return dense([shape[0], 2000, 600, 2000, shape[0]], nn.ReLU, [nn.Sigmoid()])


class Times(nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return self.factor * x


def cosmoflow(shape, width=32):
    modules, side, widths = [], shape[1] // 32, [width * 2 ** i for i in range(5)]
    for a, b in zip([4] + widths, widths):
        modules += [nn.Conv3d(a, b, 3, padding=1), nn.LeakyReLU(0.3), nn.MaxPool3d(2)]
    return nn.Sequential(*modules, nn.Flatten(), nn.Linear(widths[-1] * side ** 3, 128), nn.LeakyReLU(0.3), nn.Dropout(0.5), nn.Linear(128, 64),
                         nn.LeakyReLU(0.3), nn.Dropout(0.5), nn.Linear(64, 4), nn.Tanh(), Times(1.2))


class Round(nn.Module):
    """A convolution on a globe: columns go on at the other side, rows of zeros above and below."""

    def __init__(self, a, b):
        super().__init__()
        self.conv = nn.Conv2d(a, b, 5)

    def forward(self, x):
        return self.conv(F.pad(F.pad(x, (2, 2, 0, 0), mode="circular"), (0, 0, 2, 2)))


def weather(_):
    return nn.Sequential(Round(2, 64), nn.ELU(), Round(64, 64), nn.ELU(), Round(64, 64), nn.ELU(), Round(64, 64), nn.ELU(), Round(64, 2))


# W7

class PhaseNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.input = nn.Sequential(nn.Conv1d(3, 8, 7, padding=3), self.norm(8), nn.ReLU())
        self.keep, self.down = nn.ModuleList(), nn.ModuleList()
        channels = [8, 16, 32, 64, 128]
        for i, c in enumerate(channels):
            self.keep.append(self.conv(channels[max(i - 1, 0)], c, padding=3))
            if i < 4:
                self.down.append(self.conv(c, c, stride=4))
        self.pads = [(1, 2), (2, 3), (1, 2), (2, 2)]
        self.up, self.join = nn.ModuleList(), nn.ModuleList()
        for c in (64, 32, 16, 8):
            self.up.append(nn.ModuleList([nn.ConvTranspose1d(2 * c, c, 7, 4, bias=False), nn.Sequential(self.norm(c), nn.ReLU())]))
            self.join.append(self.conv(2 * c, c, padding=3))
        self.output = nn.Conv1d(8, 3, 1)

    @staticmethod
    def norm(c):
        return nn.BatchNorm1d(c, eps=1e-3, momentum=0.01)

    def conv(self, a, b, **more):
        return nn.Sequential(nn.Conv1d(a, b, 7, bias=False, **more), self.norm(b), nn.ReLU())

    def ordered_parameters(self):
        """As the layers are in the file: down and up between keep and join."""
        modules = [self.input]
        for i in range(5):
            modules += [self.keep[i]] + ([self.down[i]] if i < 4 else [])
        for i in range(4):
            modules += [self.up[i], self.join[i]]
        return modules + [self.output]

    def forward(self, x):
        x, skips = self.input(x), []
        for i in range(4):
            skips.append(self.keep[i](x))
            x = self.down[i](F.pad(skips[-1], self.pads[i]))
        x = self.keep[4](x)
        for (up, after), join in zip(self.up, self.join):
            skip = skips.pop()
            x = after(up(x)[:, :, 1:4 * x.shape[2] + 1])
            offset = (x.shape[2] - skip.shape[2]) // 2
            x = join(torch.cat([skip, x[:, :, offset:offset + skip.shape[2]]], 1))
        return self.output(x)


# W8

def basset(shape):
    modules, length = [], shape[1]
    for a, b, kernel, pool in ((4, 300, 19, 3), (300, 200, 11, 4), (200, 200, 7, 4)):
        modules += [nn.Conv1d(a, b, kernel, padding=kernel // 2), nn.BatchNorm1d(b), nn.ReLU(), nn.MaxPool1d(pool, ceil_mode=True)]
        length = -(-length // pool)
    modules.append(nn.Flatten())
    for a in (200 * length, 1000):
        modules += [nn.Linear(a, 1000), nn.BatchNorm1d(1000), nn.ReLU(), nn.Dropout(0.3)]
    return nn.Sequential(*modules, nn.Linear(1000, 164))


# W10

def sep(a, b, stride=1, dilation=1):
    return [nn.Conv2d(a, a, 3, stride, dilation, dilation, groups=a, bias=False), nn.Conv2d(a, b, 1, bias=False)]


def xception(units, tail, stride, skip=None, act=True):
    body = []
    for i, (a, b) in enumerate(units):
        body += ([nn.ReLU()] if i else []) + sep(a, b) + [nn.BatchNorm2d(b)]
    if tail:
        body += sep(tail, tail, stride)
    return Add(nn.Sequential(*body), skip and cb(skip[0], skip[1], 1, stride), nn.ReLU() if act else None)


class Context(nn.Module):
    def __init__(self, a, b):
        super().__init__()
        self.conv = nn.Conv2d(a, b, 1, bias=False)
        self.weight, self.bias = nn.Parameter(torch.ones(b)), nn.Parameter(torch.zeros(b))

    def forward(self, x):
        mean = self.conv(x.mean((2, 3), keepdim=True))
        return F.relu(mean * self.weight.view(1, -1, 1, 1) + self.bias.view(1, -1, 1, 1)).expand(-1, -1, *x.shape[2:])


def up(a, b, bare=False):
    conv = nn.ConvTranspose2d(a, b, 3, 2, 1, 1, bias=False)
    return conv if bare else nn.Sequential(conv, nn.BatchNorm2d(b), nn.ReLU())


class DeepCam(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(cbr(16, 32, 3, 2), cbr(32, 64, 3))
        self.low = xception([(64, 128), (128, 128)], 128, 2, (64, 128))
        blocks = [xception([(128, 256), (256, 256)], 256, 2, (128, 256)), xception([(256, 728), (728, 728)], 728, 2, (256, 728))]
        blocks += [xception([(728, 728)] * 3, 0, 1) for _ in range(16)]
        blocks.append(xception([(728, 728), (728, 1024)], 1024, 1, (728, 1024), act=False))
        for a, b in ((1024, 1536), (1536, 1536), (1536, 2048)):
            blocks += [*sep(a, b, 1, 2), nn.BatchNorm2d(b), nn.ReLU()]
        self.high = nn.Sequential(*blocks)
        self.aspp = nn.ModuleList([cbr(2048, 256, 1)] + [cbr(2048, 256, 3, 1, r, dilation=r) for r in (6, 12, 18)])
        self.context, self.merge = Context(2048, 256), cbr(1280, 256, 1)
        self.up1 = nn.Sequential(up(256, 256), up(256, 256))
        self.low_path = cbr(128, 48, 1)
        self.mix = nn.Sequential(cbr(304, 256, 3), cbr(256, 256, 3), nn.Conv2d(256, 256, 1))
        self.up2 = nn.Sequential(up(256, 256), up(256, 3, bare=True))

    def forward(self, x):
        low = self.low(self.stem(x))
        x = self.high(low)
        x = self.merge(torch.cat([branch(x) for branch in self.aspp] + [self.context(x)], 1))
        return self.up2(self.mix(torch.cat([self.up1(x), self.low_path(low)], 1)))


# W11

def gcr(*sizes):
    modules = []
    for a, b in zip(sizes, sizes[1:]):
        modules += [nn.GroupNorm(8 if a >= 8 else 1, a), nn.Conv3d(a, b, 3, padding=1, bias=False), nn.ReLU()]
    return nn.Sequential(*modules)


class UNet3d(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.ModuleList([gcr(1, 16, 32), gcr(32, 32, 64), gcr(64, 64, 128), gcr(128, 128, 256)])
        self.decoder = nn.ModuleList([gcr(384, 128, 128), gcr(192, 64, 64), gcr(96, 32, 32)])
        self.head = nn.Conv3d(32, 1, 1)

    def forward(self, x):
        skips = []
        for i, part in enumerate(self.encoder):
            x = part(F.max_pool3d(x, 2) if i else x)
            skips.append(x)
        skips.pop()
        for part in self.decoder:
            skip = skips.pop()
            x = part(torch.cat([skip, F.interpolate(x, size=skip.shape[2:])], 1))
        return self.head(x)


# Extra

def basic(a, b, stride):
    return Add(nn.Sequential(cbr(a, b, 3, stride), cb(b, b, 3)), cb(a, b, 1, stride) if stride > 1 or a != b else None, nn.ReLU())


def resnet(widths, blocks):
    modules, a = [cbr(3, widths[0], 3)], widths[0]
    for stage, b in enumerate(widths):
        for i in range(blocks):
            modules.append(basic(a, b, 2 if stage and i == 0 else 1))
            a = b
    return nn.Sequential(*modules, GlobalMean(), nn.Linear(a, 10))


def r20(_):
    return resnet((16, 32, 64), 3)


def r18(_):
    return resnet((64, 128, 256, 512), 2)


def inverted(a, c, t, stride):
    six, wide = (nn.ReLU6(),), t * a
    body = nn.Sequential(*([cb(a, wide, 1, act=six)] if t > 1 else []), cb(wide, wide, 3, stride, groups=wide, act=six), cb(wide, c, 1))
    return Add(body) if stride == 1 and a == c else body


MOBILE = ((1, 16, 1, 1), (6, 24, 2, 1), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))


def mbv2(_, stages=MOBILE):
    modules, a = [cb(3, 32, 3, act=(nn.ReLU6(),))], 32
    for t, c, n, s in stages:
        for i in range(n):
            modules.append(inverted(a, c, t, s if i == 0 else 1))
            a = c
    return nn.Sequential(*modules, cb(320, 1280, 1, act=(nn.ReLU6(),)), GlobalMean(), nn.Dropout(0.2), nn.Linear(1280, 10))


class UNet2d(nn.Module):
    def __init__(self, channels=1, classes=2, width=16):
        super().__init__()
        widths = [width * 2 ** i for i in range(4)]
        self.encoder = nn.ModuleList([self.double(a, b) for a, b in zip([channels] + widths, widths)])
        self.decoder = nn.ModuleList()
        for a, b in zip(widths[:0:-1], widths[-2::-1]):
            self.decoder += [nn.ConvTranspose2d(a, b, 2, 2), self.double(a, b)]
        self.head = nn.Conv2d(width, classes, 1)

    @staticmethod
    def double(a, b):
        return nn.Sequential(cbr(a, b, 3), cbr(b, b, 3))

    def forward(self, x):
        skips = []
        for i, part in enumerate(self.encoder):
            x = part(F.max_pool2d(x, 2) if i else x)
            skips.append(x)
        skips.pop()
        for i in range(0, 6, 2):
            x = self.decoder[i + 1](torch.cat([skips.pop(), self.decoder[i](x)], 1))
        return self.head(x)


class Temporal(nn.Module):
    def __init__(self, a, b, dilation):
        super().__init__()
        self.reach = 2 * dilation
        self.conv1, self.norm1 = nn.Conv1d(a, b, 3, dilation=dilation, bias=False), nn.BatchNorm1d(b)
        self.conv2, self.norm2 = nn.Conv1d(b, b, 3, dilation=dilation, bias=False), nn.BatchNorm1d(b)
        self.skip = nn.Conv1d(a, b, 1) if a != b else nn.Identity()
        self.drop1, self.drop2 = nn.Dropout(0.1), nn.Dropout(0.1)

    def forward(self, x):
        y = self.drop1(F.relu(self.norm1(self.conv1(F.pad(x, (self.reach, 0))))))
        y = self.drop2(F.relu(self.norm2(self.conv2(F.pad(y, (self.reach, 0))))))
        return F.relu(y + self.skip(x))


def tcn(_):
    return nn.Sequential(*[Temporal(64 if i else 3, 64, 2 ** i) for i in range(6)], GlobalMean(), nn.Linear(64, 10))


def tab(_):
    def block():
        return Add(nn.Sequential(nn.Linear(256, 512), nn.BatchNorm1d(512), nn.ReLU(), nn.Dropout(0.1), nn.Linear(512, 256)))
    return nn.Sequential(nn.Linear(64, 256), *[block() for _ in range(4)], nn.BatchNorm1d(256), nn.ReLU(), nn.Linear(256, 10))


MAKE = {"higgs": higgs, "climsim": lambda _: Climsim(), "hep": hep, "hep64": hep64, "rpv": rpv, "nt3": nt3, "p1b1": p1b1,
        "cosmoflow": cosmoflow, "phasenet": lambda _: PhaseNet(), "basset": basset, "weather": weather, "deepcam": lambda _: DeepCam(),
        "unet3d": lambda _: UNet3d(), "r20": r20, "r18": r18, "mbv2": mbv2, "unet2d": lambda _: UNet2d(), "tcn": tcn, "tab": tab}


def ordered(net, kind="parameters"):
    """Parameters or buffers in the order of the layers in the file."""
    parts = net.ordered_parameters() if hasattr(net, "ordered_parameters") else [net]
    return [p for part in parts for p in getattr(part, kind)()]


def make(name, shape, **more):
    """The network for samples of this shape (channels, spatial...)."""
    return MAKE[name](shape, **more)
