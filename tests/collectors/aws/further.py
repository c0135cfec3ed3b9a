"""One or a few of everything beside machines, made through the API of the local AWS like anybody's."""

import io
import json
import zipfile
from typing import Any

from tests.servers.aws.cloud import ACCOUNT, Cloud

REGION = "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/anything"
TAG = {"Key": "team", "Value": "core"}
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def populate(cloud: Cloud) -> None:
    """Databases, caches, buckets, repositories, clusters, notebooks, endpoints, functions and logs in one region."""
    for part in (_databases, _caches, _buckets, _images, _cluster, _learning, _functions, _logs, _endpoint):
        part(cloud)


def _databases(cloud: Cloud) -> None:
    rds = cloud.client("rds", REGION)
    usual = {
        "DBInstanceClass": "db.m5.large",
        "Engine": "postgres",
        "AllocatedStorage": 100,
        "StorageType": "gp3",
    }
    rds.create_db_instance(DBInstanceIdentifier="orders", MasterUsername="u", MasterUserPassword="secret12", MultiAZ=True,
                           Tags=[TAG], **usual)  # fmt: skip
    rds.create_db_instance_read_replica(
        DBInstanceIdentifier="orders-copy", SourceDBInstanceIdentifier="orders"
    )
    rds.create_db_cluster(DBClusterIdentifier="shop", Engine="aurora-postgresql", MasterUsername="u",
                          MasterUserPassword="secret12")  # fmt: skip
    for name, kind in (("shop-1", "db.r5.large"), ("shop-2", "db.serverless")):
        rds.create_db_instance(DBInstanceIdentifier=name, DBInstanceClass=kind, Engine="aurora-postgresql",
                               DBClusterIdentifier="shop")  # fmt: skip
    rds.create_db_instance(
        DBInstanceIdentifier="asleep", MasterUsername="u", MasterUserPassword="secret12", **usual
    )
    rds.stop_db_instance(DBInstanceIdentifier="asleep")


def _caches(cloud: Cloud) -> None:
    caches = cloud.client("elasticache", REGION)
    caches.create_cache_cluster(
        CacheClusterId="sessions", Engine="redis", CacheNodeType="cache.t3.medium", NumCacheNodes=1, Tags=[TAG],
        ReplicationGroupId="sessions",
    )  # fmt: skip


def _buckets(cloud: Cloud) -> None:
    s3 = cloud.client("s3", REGION)
    for name in ("plain", "kept-small"):
        s3.create_bucket(Bucket=name)
    cloud.client("s3", "eu-west-1").create_bucket(
        Bucket="elsewhere", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    s3.put_bucket_tagging(Bucket="plain", Tagging={"TagSet": [TAG]})
    s3.put_bucket_versioning(Bucket="plain", VersioningConfiguration={"Status": "Enabled"})
    s3.create_multipart_upload(Bucket="plain", Key="never/finished")
    rule = {
        "ID": "all", "Status": "Enabled", "Filter": {"Prefix": ""},
        "Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}],
        "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }  # fmt: skip
    s3.put_bucket_lifecycle_configuration(Bucket="kept-small", LifecycleConfiguration={"Rules": [rule]})


def _images(cloud: Cloud) -> None:
    """A list of images with a tag and the one it holds, an image that nothing holds, and a cleaned repository."""
    ecr = cloud.client("ecr", REGION)
    ecr.create_repository(repositoryName="team/web", tags=[TAG])
    ecr.create_repository(repositoryName="cleaned")
    rule = {"rulePriority": 1, "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan",
            "countNumber": 1}, "action": {"type": "expire"}}  # fmt: skip
    ecr.put_lifecycle_policy(repositoryName="cleaned", lifecyclePolicyText=json.dumps({"rules": [rule]}))

    def put(name: str, media: str, **more: Any) -> str:
        layer = {"mediaType": "x", "size": 1000, "digest": f"sha256:{name}"}
        told = {
            "schemaVersion": 2,
            "mediaType": media,
            "config": layer,
            "layers": [layer],
            **more.pop("told", {}),
        }
        answer = ecr.put_image(
            repositoryName="team/web", imageManifest=json.dumps(told), imageManifestMediaType=media, **more
        )
        return str(answer["image"]["imageId"]["imageDigest"])

    held = put("amd64", MANIFEST)
    put("left", MANIFEST)
    child = {"mediaType": MANIFEST, "size": 1000, "digest": held}
    put("list", INDEX, told={"manifests": [child]}, imageTag="v1")


def _cluster(cloud: Cloud) -> None:
    cloud.client("eks", REGION).create_cluster(
        name="prod", roleArn=ROLE, resourcesVpcConfig={"subnetIds": []}, version="1.31", tags={"team": "core"}
    )


def _learning(cloud: Cloud) -> None:
    ml = cloud.client("sagemaker", REGION)
    ml.create_notebook_instance(
        NotebookInstanceName="scratch", InstanceType="ml.t3.medium", RoleArn=ROLE, Tags=[TAG]
    )
    ml.create_model(ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": "x"})
    variant = {"VariantName": "blue", "ModelName": "m", "InitialInstanceCount": 2, "InstanceType": "ml.m5.large",
               "InitialVariantWeight": 1.0}  # fmt: skip
    ml.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[variant])
    ml.create_endpoint(EndpointName="predict", EndpointConfigName="c")


def _functions(cloud: Cloud) -> None:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("f.py", "def f(event, context): pass")
    functions = cloud.client("lambda", REGION)
    iam = cloud.client("iam", REGION)
    iam.create_role(RoleName="anything", AssumeRolePolicyDocument="{}")
    for name in ("warm", "cold"):
        functions.create_function(
            FunctionName=name, Runtime="python3.12", Role=ROLE, Handler="f.f", Code={"ZipFile": code.getvalue()},
            MemorySize=512, Architectures=["arm64"], Tags={"team": "core"}, Publish=name == "warm",
        )  # fmt: skip


def _logs(cloud: Cloud) -> None:
    logs = cloud.client("logs", REGION)
    logs.create_log_group(logGroupName="/for/ever", tags={"team": "core"})
    logs.create_log_group(logGroupName="/for/a/month")
    logs.put_retention_policy(logGroupName="/for/a/month", retentionInDays=30)


def _endpoint(cloud: Cloud) -> None:
    """A gateway endpoint for S3 in the network that there is, by its main route table."""
    ec2 = cloud.client("ec2", REGION)
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    ec2.create_vpc_endpoint(
        VpcId=vpc,
        VpcEndpointType="Gateway",
        ServiceName=f"com.amazonaws.{REGION}.s3",
        RouteTableIds=[tables[0]["RouteTableId"]],
    )
