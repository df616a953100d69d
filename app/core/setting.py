"""How a setting is declared; the settings of what leaves the house for people, and of the means beyond one machine."""

# ruff: noqa: RUF009 - `setting` only wraps dataclasses.field

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from marshmallow import validate

from app.core.text import Text

SmtpSecurity = Literal["starttls", "tls"]


def setting(
    default: object,
    doc: Text,
    *,
    check: validate.Validator | None = None,
    secret: bool = False,
    derived: Text | None = None,
) -> Any:
    """Declare one setting; `derived` says in words what an empty default stands for."""
    metadata = {"doc": doc, "check": check, "secret": secret, "derived": derived}
    return field(default=default, metadata=metadata, repr=not secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeSettings:
    """By what notices reach people outside of the console. All empty: by nothing."""

    public_url: str = setting(
        "",
        Text(
            "控制台对外地址，通知中的链接以它开头，如 https://credit.example.cn；空为不附链接",
            "address of the console as people reach it, with which links in notices begin; empty for no links",
        ),
        check=validate.Regexp(r"^(https?://[^\s/?#]+)?\Z", error="Must be http(s)://host without a path."),
    )
    smtp_host: str = setting("", Text("邮件服务器主机；空为不发邮件", "host of the mail server; empty for no mail"))
    smtp_port: int = setting(587, Text("邮件服务器端口", "port of the mail server"), check=validate.Range(1, 65535))
    smtp_security: SmtpSecurity = setting(
        "starttls",
        Text(
            "邮件服务器的加密方式：starttls 先明文后升级，tls 一开始即加密；不支持不加密",
            "encryption to the mail server: starttls, or tls from the first byte; there is none without",
        ),
    )
    smtp_ca: Path | None = setting(
        None,
        Text("邮件服务器证书的签发机构（PEM）", "certificate authority of the mail server (PEM)"),
        derived=Text("操作系统信任的机构", "those that the operating system trusts"),
    )
    smtp_user: str = setting(
        "", Text("邮件服务器用户名；空为不登录", "user name at the mail server; empty for no sign-in")
    )
    smtp_credential: str = setting(
        "smtp", Text("邮件服务器密码在密钥环中的名称", "name in the key ring of the password at the mail server")
    )
    mail_from: str = setting(
        "",
        Text("邮件发件人，如 CreditLink <credit@example.cn>", "sender of mail, such as CreditLink <credit@example.cn>"),
        check=validate.Regexp(r"^([^\r\n<>]*<?[^\s@<>]+@[^\s@<>]+>?)?\Z", error="Must be a mail address."),
    )
    sms_url: str = setting(
        "",
        Text("短信网关地址（https）；空为不发短信", "address of the text-message gateway (https); empty for none"),
        check=validate.Regexp(r"^(https://\S+)?\Z", error="Must begin with https://."),
    )
    sms_template: str = setting("", Text("短信模板编号", "id of the template of text messages at the gateway"))
    sms_credential: str = setting(
        "sms-token", Text("短信网关令牌在密钥环中的名称", "name in the key ring of the token for the gateway")
    )
    sms_signing: str = setting(
        "sms-signing",
        Text("短信请求签名密钥在密钥环中的名称", "name in the key ring of the key that signs requests to the gateway"),
    )
    sms_ca: Path | None = setting(
        None,
        Text("短信网关证书的签发机构（PEM）", "certificate authority of the gateway (PEM)"),
        derived=Text("操作系统信任的机构", "those that the operating system trusts"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleSettings(NoticeSettings):
    """Where volume data and the work on it lie when one machine is outgrown. All empty: on this machine."""

    lake_s3_endpoint: str = setting(
        "",
        Text(
            "数据湖对象存储（S3）服务地址，如 https://s3.example.cn；数据湖不在 s3:// 时不用",
            "address of the S3 service that holds the lake, such as https://s3.example.cn; not used unless the lake is at s3://",
        ),
        check=validate.Regexp(r"^(https?://[^\s/?#]+)?\Z", error="Must be http(s)://host without a path."),
        derived=Text("Amazon 的地址", "Amazon's"),
    )
    lake_s3_region: str = setting("us-east-1", Text("对象存储区域", "region of the S3 service"))
    lake_s3_key: str = setting(
        "", Text("对象存储访问标识；空为匿名", "access key id at the S3 service; empty for none")
    )
    lake_s3_secret: str = setting(
        "",
        Text("对象存储访问密钥", "secret access key at the S3 service"),
        secret=True,
        derived=Text("无", "none"),
    )
    cluster: str = setting(
        "",
        Text(
            "Dask 调度进程地址（tls://主机:端口），各阶段的分桶任务交其工作进程执行；空为在本进程内执行",
            "address of the Dask scheduler (tls://host:port) whose workers do the parts of the stages; empty: done in this process",
        ),
        check=validate.Regexp(
            r"^((tcp|tls)://[^\s/]+:[0-9]{1,5})?\Z", error="Must be tls://host:port or tcp://host:port."
        ),
    )
    cluster_tls: Path | None = setting(
        None,
        Text(
            "集群通信证书所在目录，内有 ca.pem、cert.pem、key.pem",
            "folder of the certificates of the cluster: ca.pem, cert.pem, key.pem",
        ),
        derived=Text("密钥目录下的 cluster", "cluster in the key folder"),
    )

    def refused_beyond_one_machine(self) -> tuple[Text, ...]:
        """What production refuses of these settings."""
        found = []
        if self.cluster.startswith("tcp://"):
            found.append(
                Text(
                    "集群通信须加密并校验身份（CREDITLINK_CLUSTER 须为 tls://）",
                    "the cluster must be spoken to by TLS (CREDITLINK_CLUSTER must begin with tls://)",
                )
            )
        if self.lake_s3_endpoint.startswith("http://"):
            found.append(
                Text(
                    "对象存储须用 https（CREDITLINK_LAKE_S3_ENDPOINT）",
                    "the S3 service must be spoken to by https (CREDITLINK_LAKE_S3_ENDPOINT)",
                )
            )
        return tuple(found)
