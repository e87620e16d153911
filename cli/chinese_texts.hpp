// --help in Chinese; keys as language.hpp says. tests/e2e/test_help.py finds what is missing here.
#pragma once

namespace sealos::cli {

struct ChineseText {
  const char* key;
  const char* text;
};

inline constexpr ChineseText kChineseTexts[] = {
    // Headings and kinds of values.
    {"Options", "选项"},
    {"Commands", "命令"},
    {"Which images", "哪些镜像"},
    {"Layers and manifests", "层与清单"},
    {"Encryption", "加密"},
    {"Signatures", "签名"},
    {"Logins and certificates", "登录与证书"},
    {"Network", "网络"},
    {"Output", "输出"},
    {"Other", "其他"},
    {"Access", "访问"},
    {"FINGERPRINT", "指纹"},
    {"NAME:TAG", "名称:标签"},
    {"FILE", "文件"},
    {"DIR", "目录"},
    {"FORMAT", "格式"},
    {"FORMAT,...", "格式,..."},
    {"KEY=VALUE", "键=值"},
    {"USER[:PASSWORD]", "用户[:密码]"},
    {"FILE[:PASSPHRASE]", "文件[:口令]"},
    {"PASSWORD", "密码"},
    {"NAME", "名称"},
    {"LIST", "列表"},
    {"RATE", "速率"},
    {"TIME", "时间"},
    {"REPOSITORY", "仓库"},
    {"RECIPIENT", "接收者"},
    {"json[=FILE]", "json[=文件]"},

    // What means the same in every command.
    {"* --help", "本说明"},
    {"* --help-all", "全部参数"},
    {"* --json", "以 JSON 输出"},
    {"* --verbose", "说明正在做什么；写两次则显示协议细节"},
    {"* --quiet", "不显示进度"},
    {"* --authfile", "保存凭据的文件"},
    {"* --cert-dir", "*.crt 为信任的证书机构，*.cert 和 *.key 为客户端证书"},
    {"* --creds", "镜像仓库的凭据"},
    {"* --tls-verify", "要求 HTTPS 和有效证书；默认为 true，false 也接受 HTTP"},
    {"* --isolate", "该传输方式的插件在单独的进程中运行；可重复；all 表示全部插件"},
    {"* --option", "传输方式的选项；sealos transports -v 列出全部选项"},
    {"* --daemon-host", "Docker 守护进程的地址，代替 $DOCKER_HOST"},
    {"* --retry", "请求失败后最多重试的次数，默认 3"},
    {"* --retry-delay", "两次尝试之间的时间，如 500ms、2s；默认 1s、2s、4s……"},
    {"* --retry-on", "network、5xx 和 HTTP 状态码，以逗号分隔"},
    {"* --platform", "选取索引中适合该平台的镜像；默认适合本机"},
    {"* --signature-policy", "规定哪些镜像可以读取；默认用用户或系统的 policy.json"},
    {"* --insecure-policy", "一切都可以读取，不管 policy.json 怎么说"},

    {"sealos", "在镜像仓库、目录、归档文件和本地存储之间搬运容器镜像"},
    {"sealos examples",
     "示例：\n"
     "  sealos push localhost/app:1 registry.example.com/team/app:1\n"
     "\n"
     "sealos 命令 --help 说明每个命令；另见 man sealos。\n"},
    {"sealos --version", "版本"},

    {"push", "把镜像从任何位置复制到任何位置"},
    {"push IMAGE", "传输方式:位置，或本地镜像的名称（containers-storage）"},
    {"push DESTINATION", "传输方式:位置，或镜像仓库中的镜像（docker）；默认与 IMAGE 相同"},
    {"push examples",
     "示例：\n"
     "  sealos push localhost/app:1 registry.example.com/team/app:1\n"
     "  sealos push --all docker://registry.example.com/app:1 dir:/backup/app\n"
     "  sealos push --platform linux/amd64,linux/arm64 docker://r.example.com/a oci:a\n"
     "  sealos push --dry-run oci-archive:app.tar registry.example.com/team/app:1\n"},
    {"push --help", "最常用的参数和示例"},
    {"push --all", "索引及其中的全部镜像，而不是其中一个"},
    {"push --platform", "选取适合该平台的镜像；默认适合本机。多个平台：只含这些镜像的索引"},
    {"push --sparse", "索引保持不变，但只复制 --platform 选中的镜像"},
    {"push --rm", "成功后删除 IMAGE，它须是本地存储中的清单列表"},
    {"push --remove-signatures", "不带 IMAGE 已有的签名"},
    {"push --sign-by", "用这个 GnuPG 密钥为所写的一切签名；可重复"},
    {"push --sign-by-sigstore-private-key", "用 cosign 的密钥签名；可重复"},
    {"push --sign-identity", "签名中写明的名称；默认为 DESTINATION"},
    {"push --sign-passphrase-file", "其第一行是签名密钥的口令"},
    {"push --referrers",
     "all（不写值也是）：签名、证明、物料清单等指向该镜像的一切一同复制；默认 none，"
     "因为要逐个查询，而且只有镜像仓库和 OCI 布局能存放"},
    {"push --cr-option",
     "镜像的自定义资源是否一同复制：yes、no、only（只复制它）；默认 auto：带 sealos.io.* 标签，"
     "或途经的层中有自定义资源，而目标还没有时"},
    {"push --add-compression",
     "复制索引时：每个镜像另加一个采用该压缩格式的条目：gzip、zstd、zstd:chunked，"
     "多个以逗号分隔"},
    {"push --compression-format",
     "各层以 gzip、zstd、zstd:chunked 或 none 到达；默认保持原样，未压缩的层按目标的习惯"},
    {"push --compression-level",
     "gzip 1 至 9（默认 6），zstd 1 至 22（默认 3，zstd:chunked 为 7）"},
    {"push --disable-compression", "未压缩的层保持不压缩"},
    {"push --force-compression",
     "不用目标中已有的其他压缩格式的层；给出 --compression-format 时默认为 true，"
     "单独使用表示该格式为 gzip"},
    {"push --format", "清单以 oci、v2s2（docker）或 v2s1 到达；默认在目标接受时保持原样"},
    {"push --preserve-digests", "宁可失败，也不改变清单"},
    {"push --encryption-key",
     "为 jwe:公钥、pkcs7:证书、pgp:用户 或 provider:名称 加密镜像层；可重复"},
    {"push --encrypt-layer",
     "只加密这些层，如 0、-1（最后一层）、1-3，以逗号分隔；或 "
     "not:镜像，即除基础镜像的层以外；默认全部"},
    {"push --decryption-key", "用私钥、证书或 provider:名称 解密镜像层；可重复"},
    {"push --src-authfile", "只用于源的 --authfile"},
    {"push --src-cert-dir", "只用于源的 --cert-dir"},
    {"push --src-creds", "只用于源的 --creds"},
    {"push --src-tls-verify", "只用于源的 --tls-verify"},
    {"push --dest-authfile", "只用于目标的 --authfile"},
    {"push --dest-cert-dir", "只用于目标的 --cert-dir"},
    {"push --dest-creds", "只用于目标的 --creds"},
    {"push --dest-tls-verify", "只用于目标的 --tls-verify"},
    {"push --limit-rate", "与所有镜像仓库之间每秒的字节数，如 500K、10M"},
    {"push --limit-rate-per-host", "同上，但对每台主机分别计算"},
    {"push --max-connections", "与所有镜像仓库的连接数；默认按需要"},
    {"push --max-connections-per-host", "同上，但对每台主机分别计算"},
    {"push --mount-from", "同一仓库服务器上可能已有这些层的仓库；可重复"},
    {"push --digestfile", "成功后写入清单的摘要"},
    {"push --dry-run", "逐个 blob 显示会做什么，但什么也不做"},
    {"push --progress", "text：给人看，默认；json：在 stderr 上每行一个事件"},
    {"push --report", "成功后把所做的一切写到 stdout 或文件"},

    {"login", "登录镜像仓库，并保存登录信息"},
    {"login REGISTRY",
     "主机[:端口][/路径]；默认为 registries.conf 中 unqualified-search-registries 的第一个"},
    {"login --get-login", "显示已登录的用户名"},
    {"login --password", "密码；本机其他人可能看到，--password-stdin 更安全"},
    {"login --password-stdin", "从 stdin 读取密码"},
    {"login --username", "用户名"},

    {"logout", "删除镜像仓库的登录信息"},
    {"logout REGISTRY",
     "主机[:端口][/路径]；默认为 registries.conf 中 unqualified-search-registries 的第一个"},
    {"logout --all", "删除全部登录信息"},

    {"transports", "列出传输方式、各自的能力和插件"},
    {"transports --verbose", "连同各自的选项"},

    {"tags", "列出仓库、布局或归档中的标签"},
    {"tags PLACE", "镜像仓库中的仓库（docker），或 传输方式:位置，如 oci:目录"},

    {"delete", "删除镜像：只删除一个标签，或按摘要删除清单及其全部标签"},
    {"delete IMAGE", "传输方式:位置；镜像仓库的要带标签或摘要"},

    {"cr", "镜像的自定义资源"},
    {"cr show", "以 YAML 输出镜像的自定义资源"},
    {"cr show IMAGE", "传输方式:位置，或本地镜像的名称（containers-storage）"},
    {"cr show --published", "推送时留在镜像旁边的那一份，而不是各层所说的"},

    {"recipients", "谁能读取加密的镜像：不动各层即可列出、添加或移除"},
    {"recipients list", "显示各层为谁加密"},
    {"recipients list IMAGE", "传输方式:位置，或镜像仓库中的镜像（docker）；索引连同全部镜像"},
    {"recipients add", "让其他人也能读取该镜像"},
    {"recipients add IMAGE", "传输方式:位置，或镜像仓库中的镜像（docker）；索引连同全部镜像"},
    {"recipients add --encryption-key",
     "谁：jwe:公钥、pkcs7:证书、pgp:用户 或 provider:名称；可重复"},
    {"recipients add --decryption-key", "打开现有的层：私钥、证书或 provider:名称；可重复"},
    {"recipients add --dry-run", "显示会做什么，但什么也不做"},
    {"recipients add --remove-signatures", "去掉签名，否则它们属于另一份清单"},
    {"recipients remove", "收回某人取得层密钥的途径；各层不变，读取过的人永远能读"},
    {"recipients remove IMAGE", "传输方式:位置，或镜像仓库中的镜像（docker）；索引连同全部镜像"},
    {"recipients remove RECIPIENT",
     "list 所显示的 方案:序号，或 pkcs7:证书、pgp:密钥号、provider:名称"},
    {"recipients remove --dry-run", "显示会做什么，但什么也不做"},
    {"recipients remove --remove-signatures", "去掉签名，否则它们属于另一份清单"},

    {"verify",
     "完整读取镜像，核对摘要、大小、层和签名是否与其所述一致。\n"
     "退出码 0：一切正确；10：内容缺失或有误；11：签名不符合策略；12：有内容无法读取。"
     "取最先成立的一个；镜像根本打不开时，退出码与 push 相同"},
    {"verify IMAGE", "传输方式:位置，或镜像仓库中的镜像（docker）"},
    {"verify --all", "索引及其中的全部镜像，而不是其中一个"},
    {"verify --referrers", "也核对指向该镜像的内容；默认 none"},
    {"verify --decryption-key", "查看加密的层；可重复"},

    {"plugin", "编写插件"},
    {"plugin new", "写出一个新传输方式的源代码，作为起点"},
    {"plugin new NAME", "传输方式的名称：小写字母、数字和 -"},
    {"plugin new examples",
     "示例：\n"
     "  sealos plugin new my-store\n"
     "  cmake -S my-store -B my-store/build && cmake --build my-store/build\n"
     "  SEALOS_PLUGIN_PATH=$PWD/my-store/build/plugins sealos transports\n"
     "\n"
     "man sealos-plugin 解释所写的内容。\n"},
    {"plugin new --directory", "写到哪里；默认为当前目录下的 NAME"},
};

}  // namespace sealos::cli
