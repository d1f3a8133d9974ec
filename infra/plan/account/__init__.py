"""What an environment needs of its AWS account, held against what the account has."""
